// clip/backend/cpu/gemm/epilogue.hpp: fused epilogue of a product: scale, bias, activation, residual.
#pragma once

#include <clip/backend/concept.hpp>
#include <clip/backend/cpu/gemm/tile.hpp>

namespace clip::inline CLIP_ABI::cpu {

/// The general form: every part of the epilogue may be absent, any number of columns.
template <class T, class F>
void store_columns(const T* sums, Index rows, Index n, Index i, Index j, const Epilogue<T, F>& epilogue,
                   const Out<T>& y) {
  using P = Simd<T>;
  const auto row_at = [&](const In<T>& x, Index row) { return x ? x.row(row) + j : nullptr; };
  const T *scale = row_at(epilogue.scale, 0), *bias = row_at(epilogue.bias, 0);
  for (Index r = 0; r < rows; ++r, sums += panel_width<T>) {
    const T *shortcut = row_at(epilogue.shortcut, i + r), *residual = row_at(epilogue.residual, i + r);
    T *before = epilogue.before ? epilogue.before.row(i + r) + j : nullptr, *to = y.row(i + r) + j;
    each_packet<T>(n, [&](Index c, auto mask) {
      P value = P::load(sums + c);
      if (scale) value = value * P::load(scale + c, mask);
      if (bias) value = value + P::load(bias + c, mask);
      if (shortcut) value = value + P::load(shortcut + c, mask);
      if (before) value.store(before + c, mask);
      value = apply(epilogue.activation, value);
      if (residual) value = P::load(residual + c, mask) + value;
      value.store(to + c, mask);
    });
  }
}

/// Whole panels with a bias and perhaps a residual, the usual case in an encoder, where the tests of the general form
/// would take longer than the arithmetic.
template <bool with_residual, class T, class F>
void store_panel(const T* sums, Index rows, const T* bias, const F& activation, const T* residual,
                 Index residual_stride, T* to, Index stride) {
  using P = Simd<T>;
  const P b0 = P::load(bias), b1 = P::load(bias + P::size);
  for (; rows > 0; --rows, sums += panel_width<T>, residual += residual_stride, to += stride) {
    P left = apply(activation, P::load(sums) + b0), right = apply(activation, P::load(sums + P::size) + b1);
    if constexpr (with_residual) {
      left = P::load(residual) + left;
      right = P::load(residual + P::size) + right;
    }
    left.store(to);
    right.store(to + P::size);
  }
}

/// Stores finished sums (rows `panel_width` apart) as y(i …, j …), n columns.
template <class T, class F>
void store_tile(const T* sums, Index rows, Index n, Index i, Index j, const Epilogue<T, F>& epilogue, const Out<T>& y) {
  const In<T>&bias = epilogue.bias, &residual = epilogue.residual;
  const F& activation = epilogue.activation;
  if (n < panel_width<T> || !bias || epilogue.scale || epilogue.shortcut || epilogue.before)
    store_columns(sums, rows, n, i, j, epilogue, y);
  else if (residual)
    store_panel<true>(sums, rows, bias.row(0) + j, activation, residual.row(i) + j, residual.stride, y.row(i) + j,
                      y.stride);
  else store_panel<false>(sums, rows, bias.row(0) + j, activation, bias.row(0), 0, y.row(i) + j, y.stride);
}

}  // namespace clip::inline CLIP_ABI::cpu

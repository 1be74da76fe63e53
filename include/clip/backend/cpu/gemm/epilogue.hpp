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

/// Whole panels with a bias and perhaps a scale or a residual, the usual cases in an encoder, where the tests of the
/// general form would take longer than the arithmetic.
template <bool with_scale, bool with_residual, class T, class F>
void store_panel(const T* sums, Index rows, Index i, Index j, const Epilogue<T, F>& epilogue, const Out<T>& y) {
  using P = Simd<T>;
  const P b0 = P::load(epilogue.bias.row(0) + j), b1 = P::load(epilogue.bias.row(0) + j + P::size);
  P s0(1), s1(1);
  if constexpr (with_scale) {
    s0 = P::load(epilogue.scale.row(0) + j);
    s1 = P::load(epilogue.scale.row(0) + j + P::size);
  }
  const Index residual_stride = with_residual ? epilogue.residual.stride : 0;
  const T* residual = with_residual ? epilogue.residual.row(i) + j : nullptr;
  T* to = y.row(i) + j;
  for (; rows > 0; --rows, sums += panel_width<T>, residual += residual_stride, to += y.stride) {
    P left = P::load(sums), right = P::load(sums + P::size);
    if constexpr (with_scale) {
      left = left * s0;
      right = right * s1;
    }
    left = apply(epilogue.activation, left + b0);
    right = apply(epilogue.activation, right + b1);
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
  if (n < panel_width<T> || !epilogue.bias || epilogue.shortcut || epilogue.before)
    store_columns(sums, rows, n, i, j, epilogue, y);
  else if (epilogue.scale && epilogue.residual) store_panel<true, true>(sums, rows, i, j, epilogue, y);
  else if (epilogue.scale) store_panel<true, false>(sums, rows, i, j, epilogue, y);
  else if (epilogue.residual) store_panel<false, true>(sums, rows, i, j, epilogue, y);
  else store_panel<false, false>(sums, rows, i, j, epilogue, y);
}

}  // namespace clip::inline CLIP_ABI::cpu

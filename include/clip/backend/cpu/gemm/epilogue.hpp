// clip/backend/cpu/gemm/epilogue.hpp: what happens to finished sums as they are stored.
#pragma once

#include <clip/backend/concept.hpp>
#include <clip/backend/cpu/gemm/tile.hpp>
#include <clip/backend/cpu/simd/loops.hpp>

namespace clip::inline CLIP_ABI::detail {

/// Whatever there is, for any number of columns.
template <class T, class F>
void finish_columns(const T* sums, Index rows, Index n, Index i, Index j, const Epilogue<T, F>& epilogue,
                    const Out<T>& y) {
  using P = Pack<T>;
  const auto at = [&](const In<T>& x, Index row) { return x ? x.row(row) + j : nullptr; };
  const T *scale = at(epilogue.scale, 0), *bias = at(epilogue.bias, 0);
  for (Index r = 0; r < rows; ++r, sums += panel_width<T>) {
    const T *shortcut = at(epilogue.shortcut, i + r), *residual = at(epilogue.residual, i + r);
    T *before = epilogue.before ? epilogue.before.row(i + r) + j : nullptr, *to = y.row(i + r) + j;
    along<T>(n, [&](Index c, auto part) {
      P value = P::load(sums + c);
      if (scale) value = value * P::load(scale + c, part);
      if (bias) value = value + P::load(bias + c, part);
      if (shortcut) value = value + P::load(shortcut + c, part);
      if (before) value.store(before + c, part);
      value = apply(epilogue.activation, value);
      if (residual) value = P::load(residual + c, part) + value;
      value.store(to + c, part);
    });
  }
}

/// Whole panels with a bias and perhaps a residual, what an encoder asks for: the tests above would take longer than the work.
template <bool with_residual, class T, class F>
void finish_panel(const T* sums, Index rows, const T* bias, const F& activation, const T* residual, Index apart, T* to,
                  Index stride) {
  using P = Pack<T>;
  const P b0 = P::load(bias), b1 = P::load(bias + P::size);
  for (; rows > 0; --rows, sums += panel_width<T>, residual += apart, to += stride) {
    P left = apply(activation, P::load(sums) + b0), right = apply(activation, P::load(sums + P::size) + b1);
    if constexpr (with_residual) left = P::load(residual) + left, right = P::load(residual + P::size) + right;
    left.store(to), right.store(to + P::size);
  }
}

/// Stores finished sums (rows `panel_width` apart) as y(i …, j …), n columns.
template <class T, class F>
void finish_tile(const T* sums, Index rows, Index n, Index i, Index j, const Epilogue<T, F>& epilogue,
                 const Out<T>& y) {
  const In<T>&bias = epilogue.bias, &residual = epilogue.residual;
  const F& activation = epilogue.activation;
  if (n < panel_width<T> || !bias || epilogue.scale || epilogue.shortcut || epilogue.before)
    finish_columns(sums, rows, n, i, j, epilogue, y);
  else if (residual)
    finish_panel<true>(sums, rows, bias.row(0) + j, activation, residual.row(i) + j, residual.stride, y.row(i) + j,
                       y.stride);
  else finish_panel<false>(sums, rows, bias.row(0) + j, activation, bias.row(0), 0, y.row(i) + j, y.stride);
}

}  // namespace clip::inline CLIP_ABI::detail

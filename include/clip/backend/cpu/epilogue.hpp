// clip/backend/cpu/epilogue.hpp: what happens to finished sums as they are stored.
#pragma once

#include <clip/backend/concept.hpp>
#include <clip/backend/cpu/loops.hpp>
#include <clip/backend/cpu/tile.hpp>

namespace clip::inline CLIP_ABI::detail {

/// The same where sums are scaled and met by a shortcut.
template <class T, class F>
void finish_folded(const T* sums, Index rows, Index n, Index i, Index j, const Epilogue<T, F>& epilogue, const Out<T>& y) {
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

/// Stores finished sums (rows `panel_width` apart) as y(i …, j …), n columns: bias, activation, residual.
template <class T, class F>
void finish_tile(const T* sums, Index rows, Index n, Index i, Index j, const Epilogue<T, F>& epilogue, const Out<T>& y) {
  using P = Pack<T>;
  if (epilogue.scale || epilogue.shortcut) return finish_folded(sums, rows, n, i, j, epilogue, y);
  const T* bias = epilogue.bias ? epilogue.bias.row(0) + j : nullptr;
  for (Index r = 0; r < rows; ++r, sums += panel_width<T>) {
    T *before = epilogue.before ? epilogue.before.row(i + r) + j : nullptr, *to = y.row(i + r) + j;
    const T* residual = epilogue.residual ? epilogue.residual.row(i + r) + j : nullptr;
    along<T>(n, [&](Index c, auto part) {
      P value = P::load(sums + c);
      if (bias) value = value + P::load(bias + c, part);
      if (before) value.store(before + c, part);
      value = apply(epilogue.activation, value);
      if (residual) value = P::load(residual + c, part) + value;
      value.store(to + c, part);
    });
  }
}

}  // namespace clip::inline CLIP_ABI::detail

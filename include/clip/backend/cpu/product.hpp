// clip/backend/cpu/product.hpp: y = residual + f(scale ⊙ (x wᵀ) + bias + shortcut) over panels of weights.
//
// A task is a block of rows and some panels; k is cut so that a piece of a panel stays in the first-level cache while the rows
// pass, and their piece of x in the second while the panels pass; sums wait in scratch, every chain in order. Weights
// that lie in rows are packed first: by every task for itself where rows are few, otherwise once, a few megabytes at a time.
// Rows of x are read where they lie, or put together piece by piece in a thread's scratch (windows of a picture).
#pragma once

#include <clip/backend/concept.hpp>
#include <clip/backend/cpu/loops.hpp>
#include <clip/backend/cpu/panels.hpp>

#include <algorithm>
#include <utility>

namespace clip::inline CLIP_ABI {

namespace detail {

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

/// Columns [begin, end) of some rows: where they lie, and how far apart the rows are.
template <class T>
struct Piece {
  const T* data = nullptr;
  Index stride = 0;
};

/// Rows that lie in memory.
template <class T>
struct RowsAsTheyLie {
  static constexpr bool in_place = true;
  const In<T>& x;
  Index cols() const { return x.cols; }
  Piece<T> piece(Index i0, Index, Index begin, Index, T*) const { return {x.row(i0) + begin, x.stride}; }
};

/// One product; `first` is the weight's output that is y's first column.
template <class T, class F, class Source = RowsAsTheyLie<T>>
struct Product {
  static constexpr Index width = panel_width<T>;

  const Source& x;
  const Epilogue<T, F>& epilogue;
  const Out<T>& y;
  Index first = 0;

  Index depth() const { return x.cols(); }
  Index first_panel() const { return first / width; }
  Index last_panel() const { return pieces(first + y.cols, width); }

  static constexpr Index rows_at_once = 8 * tile_rows, panels_at_once = 8;
  /// Steps of k whose part of a panel stays in the first-level cache; rows_at_once times `far` of x stay in the second.
  static constexpr Index near = 32768 / (width * static_cast<Index>(sizeof(T)));
  static constexpr Index far = std::max<Index>(1, 294912 / (rows_at_once * static_cast<Index>(sizeof(T))) / near) * near;
  static constexpr Index room_for_sums = rows_at_once * panels_at_once * width;

  Index reach() const { return depth() <= far * 4 / 3 ? std::max<Index>(depth(), 1) : far; }
  /// Scratch of a task: sums, then the piece of x where it is put together.
  Index room() const {
    if constexpr (Source::in_place) return room_for_sums;
    else return room_for_sums + rows_at_once * Source::pitch(reach());
  }

  /// Rows of a tile where there are `rows`: about equal parts, since a low tile costs as much time as a high one.
  static Index even(Index rows) { return pieces(rows, pieces(rows, tile_rows)); }

  /// Rows [i0, i1), at most rows_at_once, times panels [p0, p1); at(p) is where panel p begins.
  template <class At>
  void multiply(Index i0, Index i1, Index p0, Index p1, At&& at, T* sums) const {
    const Index high = even(i1 - i0);
    const Index reach = this->reach(), together = reach >= depth() ? 1 : panels_at_once;
    Piece<T> a;
    Index held = -1;  // where the piece begins
    for (Index g = p0; g < p1; g += together) {
      const Index end = std::min(p1, g + together);
      for (Index begin = 0; begin < depth(); begin += reach) {
        if (std::exchange(held, begin) != begin) a = x.piece(i0, i1, begin, std::min(depth(), begin + reach), sums + room_for_sums);
        for (Index p = g; p < end; ++p)
          for (Index k = begin; k < std::min(depth(), begin + reach); k += near)
            for (Index i = i0, n = 0; i < i1; i += high, ++n) {
              fetch(at(p) + (k + near) * width + n * (near * width / 8));
              tile<T>(std::min(high, i1 - i), std::min({near, depth() - k, begin + reach - k}), a.data + (i - i0) * a.stride + k - begin, a.stride,
                      at(p) + k * width, width, sums + ((p - g) * rows_at_once + i - i0) * width, width, k > 0);
            }
      }
      for (Index p = g; p < end; ++p)
        for (Index i = i0; i < i1; i += high) finish(p, i, std::min(high, i1 - i), sums + ((p - g) * rows_at_once + i - i0) * width);
    }
  }

  /// Asks for an eighth of the piece of a panel that comes next, while eight tiles use the present one.
  static void fetch(const T* next) {
    for (Index c = 0; c < near * width / 8; c += 64 / static_cast<Index>(sizeof(T))) __builtin_prefetch(next + c, 0, 2);
  }

  /// The same where k is short: a tile is finished while its sums are in the first-level cache.
  template <class At>
  void multiply_short(Index i0, Index i1, Index p0, Index p1, At&& at, T* sums) const {
    const Index high = even(i1 - i0);
    const Piece<T> a = x.piece(i0, i1, 0, depth(), sums + room_for_sums);
    for (Index p = p0; p < p1; ++p)
      for (Index i = i0; i < i1; i += high) {
        const Index rows = std::min(high, i1 - i);
        for (Index r = 0; r < rows; ++r)  // y comes while the sums are made
          for (Index c = std::max(first, p * width) - first; c < std::min(first + y.cols, (p + 1) * width) - first; c += 64 / static_cast<Index>(sizeof(T)))
            __builtin_prefetch(y.row(i + r) + c, 1);
        tile<T>(rows, depth(), a.data + (i - i0) * a.stride, a.stride, at(p), width, sums, width);
        finish(p, i, rows, sums);
      }
  }

  template <class At>
  void block(Index i0, Index i1, Index p0, Index p1, At&& at, T* sums) const {
    depth() > near ? multiply(i0, i1, p0, p1, at, sums) : multiply_short(i0, i1, p0, p1, at, sums);
  }

  void finish(Index p, Index i, Index rows, const T* sums) const {
    const Index low = std::max(first, p * width), high = std::min(first + y.cols, (p + 1) * width);
    finish_tile(sums + (low - p * width), rows, high - low, i, low - first, epilogue, y);
  }

  /// Every row times panels [p0, p1).
  template <class At>
  void panels(Crew::Shift& shift, Index threads, Index p0, Index p1, At at) const {
    const Index tall = round_up(pieces(y.rows, pieces(y.rows, rows_at_once)), tile_rows), blocks = pieces(y.rows, tall);
    const Index wanted = blocks >= 3 * threads ? 1 : pieces(3 * threads, blocks), wide = pieces(p1 - p0, std::min(wanted, p1 - p0));
    const Index across = pieces(p1 - p0, wide);
    shift.template parallel<T>(blocks * across, room(), [&](Index task, T* own) {
      const Index i = task / across * tall, p = p0 + task % across * wide;
      block(i, std::min(y.rows, i + tall), p, std::min(p1, p + wide), at, own);
    });
  }

  /// Weights in rows: pack(p, to) writes panel p.
  template <class Pack>
  void packing(Crew& crew, Pack pack) const {
    const Index p0 = first_panel(), p1 = last_panel(), one = width * depth();
    Crew::Shift shift{crew};
    if (y.rows <= rows_at_once) {
      shift.template parallel<T>(p1 - p0, room() + one, [&](Index task, T* own) {
        T* const packed = own + room();
        pack(p0 + task, packed);
        block(
            0, y.rows, p0 + task, p0 + task + 1, [&](Index) { return packed; }, own);
      });
      return;
    }
    const Index chunk = std::clamp<Index>(4194304 / static_cast<Index>(sizeof(T)) / std::max<Index>(one, 1), 1, p1 - p0);
    T* packed = shift.template shared<T>(chunk * one);
    for (Index p = p0; p < p1; p += chunk) {
      const Index n = std::min(chunk, p1 - p), together = std::max<Index>(1, small_work / std::max<Index>(one, 1));
      shift.template parallel<T>(pieces(n, together), 0, [&](Index task, T*) {
        for (Index q = task * together; q < std::min(n, (task + 1) * together); ++q) pack(p + q, packed + q * one);
      });
      panels(shift, crew.threads(), p, p + n, [&](Index q) { return packed + (q - p) * one; });
    }
  }

  /// Weights in panels.
  void packed(Crew& crew, const T* data) const {
    Crew::Shift shift{crew};
    panels(shift, crew.threads(), first_panel(), last_panel(), [&](Index p) { return data + p * width * depth(); });
  }
};

}  // namespace detail

}  // namespace clip::inline CLIP_ABI

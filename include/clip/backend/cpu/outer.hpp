// clip/backend/cpu/outer.hpp: sums over rows that are matrices: aᵀ b and column sums.
#pragma once

#include <clip/backend/cpu/loops.hpp>
#include <clip/backend/cpu/product.hpp>

#include <algorithm>

namespace clip::inline CLIP_ABI {

namespace detail {

/// Rows of a block of `outer_product`.
inline constexpr Index outer_rows = 128;

/// From one row of a tile's columns to the next.
template <class T>
inline constexpr Index left_width = round_up(tile_rows, Pack<T>::size);

/// `count` columns of some rows, a tile's at a time: (rows, left_width) each, `outer_rows` rows apart.
template <class T>
void gather_columns(const T* from, Index stride, Index depth, Index count, T* to) {
  using P = Pack<T>;
  constexpr Index width = left_width<T>;
  for (Index k = 0; k < depth; ++k, from += stride, to += width)
    for (Index i = 0, at = 0; i < count; i += tile_rows, at += outer_rows * width)
      along<T>(std::min(width, count - i), [&](Index j, auto part) { P::load(from + i + j, part).store(to + at + j); });
}

/// Panels [p0, p1) of some rows of `cols` columns: (rows, width) each, `outer_rows` rows apart, zeros past the last column.
template <class T>
void gather_panels(const T* from, Index stride, Index depth, Index cols, Index p0, Index p1, T* to) {
  constexpr Index width = panel_width<T>;
  for (Index k = 0; k < depth; ++k, from += stride, to += width)
    for (Index p = p0; p < p1; ++p) pack_along(std::min(width, cols - p * width), 1, from + p * width, stride, to + (p - p0) * outer_rows * width);
}

/// c = aᵀ b for panels of columns of b, each element one chain over the rows of a.          a : (r, n)
/// A task owns a part of c, `high` tiles by `wide` panels; rows come in blocks that stay in cache, the sums waiting in scratch
/// between them. columns(r, depth, p0, p1, p, room) says where rows [r, r + depth) of panel p of the task's [p0, p1) lie;
/// store(i, p, sums) takes row i of c, panel p.
template <class T, class Columns, class Store>
void outer_product(Crew& crew, const In<T>& a, Index cols, Index high, Index wide, Index room, Columns&& columns, Store&& store) {
  constexpr Index width = panel_width<T>;
  const Index across = pieces(cols, width), bands = pieces(pieces(a.cols, tile_rows), high), tall = high * tile_rows;
  Crew::Shift shift{crew};
  shift.template parallel<T>(bands * pieces(across, wide), high * (tile_rows * wide * width + left_width<T> * outer_rows) + room, [&](Index task, T* own) {
    const Index i0 = task % bands * tall, i1 = std::min(a.cols, i0 + tall);
    const Index p0 = task / bands * wide, p1 = std::min(across, p0 + wide);
    T *const left = own + tall * wide * width, *const spare = left + high * left_width<T> * outer_rows;
    for (Index r = 0; r < std::max<Index>(a.rows, 1); r += outer_rows) {
      const Index depth = std::min(outer_rows, a.rows - r);
      gather_columns(a.row(r) + i0, a.stride, depth, i1 - i0, left);
      for (Index p = p0; p < p1; ++p) {
        const Piece<T> b = columns(r, depth, p0, p1, p, spare);
        for (Index i = i0, n = 0; i < i1; i += tile_rows, ++n) {
          tile<T, Reading::across>(std::min(tile_rows, i1 - i), depth, left + n * left_width<T> * outer_rows, left_width<T>, b.data, b.stride,
                                   own + ((p - p0) * tall + i - i0) * width, width, r > 0);
        }
      }
    }
    for (Index i = i0; i < i1; ++i)
      for (Index p = p0; p < p1; ++p) store(i, p, own + ((p - p0) * tall + i - i0) * width);
  });
}

}  // namespace detail

template <class T, class Self>
struct CpuOuter {
  /// c += aᵀ b, each element one chain over the rows.          a : (r, n), b : (r, k), c : (n, k)
  void outer(In<T> a, In<T> b, Acc<T> c) {
    constexpr Index width = panel_width<T>;
    if (c.count() == 0) return;
    const Index high = std::clamp<Index>(pieces(c.rows, tile_rows) / (3 * crew().threads()), 1, 16);
    detail::outer_product<T>(
        crew(), a, c.cols, high, std::min<Index>(pieces(c.cols, width), 16), std::min<Index>(pieces(c.cols, width), 16) * detail::outer_rows * width,
        [&](Index r, Index depth, Index p0, Index p1, Index p, T* room) -> detail::Piece<T> {
          if (p == p0) detail::gather_panels(b.row(r), b.stride, depth, c.cols, p0, p1, room);
          return {room + (p - p0) * detail::outer_rows * width, width};
        },
        [&](Index i, Index p, const T* sums) {
          along<T>(std::min(width, c.cols - p * width),
                   [&](Index j, auto part) { accumulate(c.row(i) + p * width + j, c.fresh, Pack<T>::load(sums + j), part); });
        });
  }

  /// sum += Σ rows of x
  void column_sum(In<T> x, Acc<T> sum) {
    const Index high = block_rows(x.rows), blocks = pieces(x.rows, high), stride = round_up(x.cols, Pack<T>::size);
    Crew::Shift shift{crew()};
    T* partials = shift.template shared<T>(blocks * stride);
    const Index together = std::max<Index>(1, small_work / (high * std::max<Index>(x.cols, 1)));
    shift.template parallel<T>(pieces(blocks, together), 0, [&](Index task, T*) {
      for (Index block = task * together; block < std::min(blocks, (task + 1) * together); ++block)
        along<T>(x.cols, [&](Index j, auto part) {
          Pack<T> total{0};
          for (Index i = block * high; i < std::min(x.rows, (block + 1) * high); ++i) total = total + Pack<T>::load(x.row(i) + j, part);
          total.store(partials + block * stride + j);
        });
    });
    add_partials(partials, blocks, stride, sum);
  }

 private:
  Crew& crew() { return static_cast<Self&>(*this).crew(); }
};

}  // namespace clip::inline CLIP_ABI

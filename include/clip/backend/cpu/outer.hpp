// clip/backend/cpu/outer.hpp: sums over rows that are matrices: aᵀ b and column sums.
#pragma once

#include <clip/backend/cpu/loops.hpp>
#include <clip/backend/cpu/panels.hpp>

#include <algorithm>

namespace clip::inline CLIP_ABI {

template <class T, class Self>
struct CpuOuter {
  /// c += aᵀ b, each element one chain over the rows.          a : (r, n), b : (r, k), c : (n, k)
  /// A task owns a part of c; rows come in blocks that stay in cache, the sums waiting in scratch between them.
  void outer(In<T> a, In<T> b, Acc<T> c) {
    constexpr Index width = panel_width<T>;
    if (c.count() == 0) return;
    const Index tall = pieces(c.rows, tile_rows), across = pieces(c.cols, width), wide = std::min<Index>(across, 16);
    const Index high = std::clamp<Index>(tall / (3 * crew().threads()), 1, 8), bands = pieces(tall, high);
    const Index ragged = c.cols % width == 0 ? 0 : rows_at_once * width;
    Crew::Shift shift{crew()};
    shift.template parallel<T>(bands * pieces(across, wide), high * tile_rows * wide * width + ragged, [&](Index task, T* own) {
      const Index i0 = task % bands * high * tile_rows, i1 = std::min(c.rows, i0 + high * tile_rows);
      const Index p0 = task / bands * wide, p1 = std::min(across, p0 + wide);
      T* const edge = own + high * tile_rows * wide * width;  // the last columns of b, padded
      for (Index r = 0; r < std::max<Index>(a.rows, 1); r += rows_at_once) {
        const Index depth = std::min(rows_at_once, a.rows - r);
        for (Index p = p0; p < p1; ++p) {
          const Index left = c.cols - p * width;
          const T* from = b.row(r) + p * width;
          if (left < width) detail::pack_along(left, depth, from, b.stride, edge);
          for (Index i = i0; i < i1; i += tile_rows)
            tile<T, Reading::across>(std::min(tile_rows, i1 - i), depth, a.row(r) + i, a.stride, left < width ? edge : from, left < width ? width : b.stride,
                                     own + ((p - p0) * high * tile_rows + i - i0) * width, width, r > 0);
        }
      }
      for (Index i = i0; i < i1; ++i)
        for (Index p = p0; p < p1; ++p)
          along<T>(std::min(width, c.cols - p * width), [&](Index j, auto part) {
            accumulate(c.row(i) + p * width + j, c.fresh, Pack<T>::load(own + ((p - p0) * high * tile_rows + i - i0) * width + j), part);
          });
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
  static constexpr Index rows_at_once = 128;

  Crew& crew() { return static_cast<Self&>(*this).crew(); }
};

}  // namespace clip::inline CLIP_ABI

// clip/backend/cpu/gemm/outer.hpp: weight gradients: products that sum over rows, aᵀ b and column sums.
#pragma once

#include <clip/backend/cpu/gemm/multiply.hpp>

#include <algorithm>
#include <type_traits>

namespace clip::inline CLIP_ABI::cpu {

/// Steps per block of rows in `outer_product`.
inline constexpr Index outer_steps = 128;

/// Width of a packed tile of columns of a.
template <class T>
inline constexpr Index lhs_width = round_up(tile_rows, Simd<T>::size);

/// store(k, lanes) for the steps k that `depth` rows make; lanes(j, mask) returns the packet of lanes of columns j ….
template <class Dot, class T, class F>
void each_step(const T* from, Index stride, Index depth, F&& store) {
  using P = Simd<T>;
  Index k = 0;
  for (Index r = 0; r < depth; r += Dot::values_per_lane, from += Dot::values_per_lane * stride, ++k)
    store(k, [&](Index j, auto mask) {
      if constexpr (Dot::values_per_lane == 1) return P::load(from + j, mask);
      else return Dot::interleave(P::load(from + j, mask), r + 1 < depth ? P::load(from + stride + j, mask) : P(0));
    });
}

/// Packs `count` columns of some rows as tiles: (steps, lhs_width) each, `outer_steps` steps apart.
template <class Dot, class T>
void gather_tiles(const T* from, Index stride, Index depth, Index count, typename Dot::Lane* to) {
  constexpr Index width = lhs_width<T>;
  each_step<Dot>(from, stride, depth, [&](Index k, auto lanes) {
    typename Dot::Lane* tile = to + k * width;
    for (Index i = 0; i < count; i += tile_rows, tile += outer_steps * width)
      each_packet<T>(std::min(width, count - i), [&](Index j, auto mask) { lanes(i + j, mask).store(tile + j); });
  });
}

/// Packs `count` columns of some rows as panels: (steps, width) each, `outer_steps` steps apart; zeros past the end.
template <class Dot, class T>
void gather_panels(const T* from, Index stride, Index depth, Index count, typename Dot::Lane* to) {
  constexpr Index width = panel_width<T>, size = Simd<T>::size;
  each_step<Dot>(from, stride, depth, [&](Index k, auto lanes) {
    typename Dot::Lane* const step = to + k * width;
    const auto address = [&](Index j) { return step + j / width * outer_steps * width + j % width; };
    each_packet<T>(count, [&](Index j, auto mask) { lanes(j, mask).store(address(j)); });
    if (const Index end = round_up(count, size); end % width != 0)
      std::fill_n(address(end), size, typename Dot::Lane{});
  });
}

/// Shape of a task of `outer_product`, in tiles and panels: about square, since a task packs its side of both matrices
/// itself; at least two tasks for every thread.
struct OuterTask {
  Index tiles, panels;

  OuterTask(Index all_tiles, Index all_panels, Index width, Index threads)
      : tiles{balanced_block(all_tiles, 16)}, panels{balanced_block(all_panels, 16)} {
    while (ceil_div(all_tiles, tiles) * ceil_div(all_panels, panels) < 2 * threads && tiles * panels > 1) {
      Index& longer = panels == 1 || (tiles > 1 && tiles * tile_rows > panels * width) ? tiles : panels;
      longer = ceil_div(longer, 2);
    }
  }
};

/// c = aᵀ b for panels of columns of b, by the step Dot, each element one chain over the rows of a.          a : (r, n)
/// A task owns a part of c, `tiles` by `panels`. Rows come in blocks that stay in cache; sums wait in scratch between
/// blocks. columns(r, depth, p0, p1, p, buffer) returns rows [r, r + depth) of panel p of the task's [p0, p1);
/// `buffer_size` is the size of its buffer. store(i, p, sums) receives row i of c, panel p.
template <class T, class Dot = FmaDot<T>, class Columns, class Store>
void outer_product(Workers& workers, const In<T>& a, Index cols, Index tiles, Index panels, Index buffer_size,
                   Columns&& columns, Store&& store) {
  using Lane = typename Dot::Lane;
  static_assert(sizeof(Lane) == sizeof(T) && std::is_same_v<typename Dot::Sum, T>,
                "outer_product: scratch is counted in T");
  constexpr Index width = panel_width<T>, rows_per_block = outer_steps * Dot::values_per_lane;
  const Index all_panels = ceil_div(cols, width), bands = ceil_div(ceil_div(a.cols, tile_rows), tiles);
  const Index height = tiles * tile_rows;  // rows of c in a task
  ParallelRegion region{workers};
  region.template parallel<T>(
      bands * ceil_div(all_panels, panels),
      tiles * (tile_rows * panels * width + lhs_width<T> * outer_steps) + buffer_size, [&](Index task, T* scratch) {
        const Index i0 = task % bands * height, i1 = std::min(a.cols, i0 + height);
        const Index p0 = task / bands * panels, p1 = std::min(all_panels, p0 + panels);
        T *const lhs = scratch + height * panels * width, *const buffer = lhs + tiles * lhs_width<T> * outer_steps;
        for (Index r = 0; r < std::max<Index>(a.rows, 1); r += rows_per_block) {
          const Index depth = std::min(rows_per_block, a.rows - r);
          gather_tiles<Dot>(a.row(r) + i0, a.stride, depth, i1 - i0, reinterpret_cast<Lane*>(lhs));
          for (Index p = p0; p < p1; ++p) {
            const Block<Lane> b = columns(r, depth, p0, p1, p, reinterpret_cast<Lane*>(buffer));
            const Lane* tile = reinterpret_cast<Lane*>(lhs);
            for (Index i = i0; i < i1; i += tile_rows, tile += lhs_width<T> * outer_steps)
              micro_kernel<Dot, Order::column_major>(
                  std::min(tile_rows, i1 - i), ceil_div(depth, Dot::values_per_lane), tile, lhs_width<T>, b.data,
                  b.stride, scratch + ((p - p0) * height + i - i0) * width, width, r > 0, {b.data});
          }
        }
        for (Index i = i0; i < i1; ++i)
          for (Index p = p0; p < p1; ++p) store(i, p, scratch + ((p - p0) * height + i - i0) * width);
      });
}

template <class T, class Self>
struct OuterPrimitives {
  /// c += aᵀ b, each element one chain over the rows; two rows per step in bfloat16 arithmetic.
  ///   a : (r, n), b : (r, k), c : (n, k)
  void outer(In<T> a, In<T> b, Acc<T> c) {
    if (c.count() == 0) return;
    if constexpr (has_dot<Bfloat16Dot, T>)
      if (self().arithmetic() == Arithmetic::bfloat16) return outer_by<Bfloat16Dot>(a, b, c);
    outer_by<FmaDot<T>>(a, b, c);
  }

  /// sum += Σ rows of x
  void column_sum(In<T> x, Acc<T> sum) {
    const Index height = block_rows(x.rows), blocks = ceil_div(x.rows, height),
                stride = round_up(x.cols, Simd<T>::size);
    ParallelRegion region{workers()};
    T* partials = region.template shared<T>(blocks * stride);
    const Index blocks_per_task = std::max<Index>(1, serial_limit / (height * std::max<Index>(x.cols, 1)));
    region.template parallel<T>(ceil_div(blocks, blocks_per_task), 0, [&](Index task, T*) {
      for (Index block = task * blocks_per_task; block < std::min(blocks, (task + 1) * blocks_per_task); ++block)
        each_packet<T>(x.cols, [&](Index j, auto mask) {
          Simd<T> total{0};
          for (Index i = block * height; i < std::min(x.rows, (block + 1) * height); ++i)
            total = total + Simd<T>::load(x.row(i) + j, mask);
          total.store(partials + block * stride + j);
        });
    });
    sum_partials(partials, blocks, stride, sum);
  }

 private:
  Self& self() { return static_cast<Self&>(*this); }
  Workers& workers() { return self().workers(); }

  template <class Dot>
  void outer_by(const In<T>& a, const In<T>& b, const Acc<T>& c) {
    using Lane = typename Dot::Lane;
    constexpr Index width = panel_width<T>, panel_size = outer_steps * width;
    const OuterTask task{ceil_div(c.rows, tile_rows), ceil_div(c.cols, width), width, workers().threads()};
    outer_product<T, Dot>(
        workers(), a, c.cols, task.tiles, task.panels, task.panels * panel_size,
        [&](Index r, Index depth, Index p0, Index p1, Index p, Lane* buffer) -> Block<Lane> {
          if (p == p0)  // all panels of the task at once
            gather_panels<Dot>(b.row(r) + p0 * width, b.stride, depth, std::min(c.cols, p1 * width) - p0 * width,
                               buffer);
          return {buffer + (p - p0) * panel_size, width};
        },
        [&](Index i, Index p, const T* sums) {
          each_packet<T>(std::min(width, c.cols - p * width), [&](Index j, auto mask) {
            accumulate(c.row(i) + p * width + j, c.fresh, Simd<T>::load(sums + j), mask);
          });
        });
  }
};

}  // namespace clip::inline CLIP_ABI::cpu

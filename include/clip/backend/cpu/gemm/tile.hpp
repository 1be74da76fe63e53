// clip/backend/cpu/gemm/tile.hpp: register tile: micro-kernel of every matrix product.
//
// A few rows of the result times two packets stay in registers while k runs. Each element is one chain of multiply-adds
// over k in order, the same for every tile height, so a result does not depend on the position of its row or column in
// a tile.
#pragma once

#include <clip/backend/cpu/simd/dot.hpp>

#include <array>
#include <cstddef>
#include <utility>

namespace clip::inline CLIP_ABI::cpu {

/// Columns of a panel: two packets.
template <class T>
inline constexpr Index panel_width = 2 * Simd<T>::size;

/// Rows of the largest tile: as many as leave registers for two packets of b and one of a.
inline constexpr Index tile_rows = EIGEN_ARCH_DEFAULT_NUMBER_OF_REGISTERS >= 32   ? 12
                                   : EIGEN_ARCH_DEFAULT_NUMBER_OF_REGISTERS >= 16 ? 6
                                                                                  : 2;

/// The fewest tiles that cover `rows`.
constexpr Index tiles_of(Index rows) { return (rows + tile_rows - 1) / tile_rows; }

/// f(i, rows) for the tiles that cover rows [begin, end), in order. Heights differ by one at most: a last tile of few
/// rows would cost as much time to load its panel as a full one.
template <class F>
[[gnu::always_inline]] inline void each_tile(Index begin, Index end, F&& f) {
  const Index tiles = tiles_of(end - begin);
  Index i = begin;
  for (Index t = 0; t < tiles; ++t) {
    const Index rows = begin + (end - begin) * (t + 1) / tiles - i;
    f(i, rows);
    i += rows;
  }
}

/// Storage order of a: a(row, k) at row · lda + k, or at k · lda + row.
enum class Order { row_major, column_major };

/// Prefetches two cache lines of memory that a later tile reads, `step` lanes further with every step of k.
template <class Lane>
struct Prefetcher {
  const Lane* next;
  Index step = 0;
  void advance() {
    __builtin_prefetch(next);
    __builtin_prefetch(next + 64 / sizeof(Lane));
    next += step;
  }
};

#if CLIP_AVX2
/// Keeps a sum in its register here. Otherwise g++ mixes both parts of a step and spills.
template <class P>
[[gnu::always_inline]] inline void pin(P& sum) {
  asm volatile("" : "+x"(sum.v));
}

/// The depth loop of register_tile for panels whose lanes hold two steps.
template <class Dot, Index... r>
[[gnu::always_inline]] inline void add_two_part_steps(Index depth, const typename Dot::Lane* a, Index lda,
                                                      const typename Dot::PanelLane* b, Index ldb,
                                                      typename Dot::SumPacket* left, typename Dot::SumPacket* right,
                                                      Prefetcher<typename Dot::PanelLane> prefetcher) {
  using Lanes = typename Dot::LanePacket;
  Lanes value;
  const auto add = [&](Lanes b0, Lanes b1) __attribute__((always_inline)) {
    ((value = Lanes(a[r * lda]), left[r] = Dot::add(value, b0, left[r]), right[r] = Dot::add(value, b1, right[r])),
     ...);
    ((pin(left[r]), pin(right[r])), ...);
    ++a;
  };
  Index k = 0;
  for (; k + 2 <= depth; k += 2, b += ldb) {
    add(Dot::load(b), Dot::load(b + Lanes::size));
    add(Dot::load_second(b), Dot::load_second(b + Lanes::size));
    prefetcher.advance();
  }
  if (k < depth) add(Dot::load(b), Dot::load(b + Lanes::size));
}
#endif

/// c (+)= a b.          a : (rows, depth), b : (depth / parts, panel_width), c : (rows, panel_width); `add` continues
/// the sums in c. One row per number r: the folds below unroll into registers.
template <class Dot, Order order, Index... r>
void register_tile(std::integer_sequence<Index, r...>, Index depth, const typename Dot::Lane* a, Index lda,
                   const typename Dot::PanelLane* b, Index ldb, typename Dot::Sum* c, Index ldc, bool add,
                   Prefetcher<typename Dot::PanelLane> prefetcher) {
  using Lanes = typename Dot::LanePacket;
  using Sums = typename Dot::SumPacket;
  Sums left[sizeof...(r)], right[sizeof...(r)];
  if (add) ((left[r] = Sums::load(c + r * ldc), right[r] = Sums::load(c + r * ldc + Sums::size)), ...);
  else ((left[r] = Sums(0), right[r] = Sums(0)), ...);
  if constexpr (Dot::parts == 2) {
    add_two_part_steps<Dot, r...>(depth, a, lda, b, ldb, left, right, prefetcher);
  } else {
    for (Index k = 0; k < depth; ++k, b += ldb) {
      const Lanes b0 = Dot::load(b), b1 = Dot::load(b + Sums::size);
      Lanes value;
      if constexpr (order == Order::row_major) {
        ((value = Lanes(a[r * lda]), left[r] = Dot::add(value, b0, left[r]), right[r] = Dot::add(value, b1, right[r])),
         ...);
        ++a;
        prefetcher.advance();
      } else {
        ((value = Lanes(a[r]), left[r] = Dot::add(value, b0, left[r]), right[r] = Dot::add(value, b1, right[r])), ...);
        a += lda;
      }
    }
  }
  ((left[r].store(c + r * ldc), right[r].store(c + r * ldc + Sums::size)), ...);
}

template <class Dot, Order order, Index rows>
void register_tile_of(Index depth, const typename Dot::Lane* a, Index lda, const typename Dot::PanelLane* b, Index ldb,
                      typename Dot::Sum* c, Index ldc, bool add, Prefetcher<typename Dot::PanelLane> prefetcher) {
  register_tile<Dot, order>(std::make_integer_sequence<Index, rows>{}, depth, a, lda, b, ldb, c, ldc, add, prefetcher);
}

template <class Dot>
using MicroKernel = void (*)(Index, const typename Dot::Lane*, Index, const typename Dot::PanelLane*, Index,
                             typename Dot::Sum*, Index, bool, Prefetcher<typename Dot::PanelLane>);

/// The micro-kernels for 1 … tile_rows rows.
template <class Dot, Order order>
inline constexpr auto micro_kernels = []<Index... r>(std::integer_sequence<Index, r...>) {
  return std::array<MicroKernel<Dot>, sizeof...(r)>{&register_tile_of<Dot, order, r + 1>...};
}
(std::make_integer_sequence<Index, tile_rows>{});

/// c (+)= a b for 1 … tile_rows rows, by the dot-product step Dot.
template <class Dot, Order order = Order::row_major>
void micro_kernel(Index rows, Index depth, const typename Dot::Lane* a, Index lda, const typename Dot::PanelLane* b,
                  Index ldb, typename Dot::Sum* c, Index ldc, bool add,
                  Prefetcher<typename Dot::PanelLane> prefetcher) {
  micro_kernels<Dot, order>[static_cast<std::size_t>(rows - 1)](depth, a, lda, b, ldb, c, ldc, add, prefetcher);
}

/// c (+)= a b for 1 … tile_rows rows of T.
template <class T, Order order = Order::row_major>
void multiply_tile(Index rows, Index depth, const T* a, Index lda, const T* b, Index ldb, T* c, Index ldc,
                   bool add = false) {
  micro_kernel<FmaDot<T>, order>(rows, depth, a, lda, b, ldb, c, ldc, add, {b});
}

}  // namespace clip::inline CLIP_ABI::cpu

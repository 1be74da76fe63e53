// clip/backend/cpu/gemm/outer.hpp: sums over rows that are matrices: aᵀ b and column sums.
#pragma once

#include <clip/backend/cpu/gemm/products.hpp>
#include <clip/backend/cpu/simd/loops.hpp>

#include <algorithm>
#include <type_traits>

namespace clip::inline CLIP_ABI {

namespace detail {

/// Steps of a block of `outer_product`: rows, where a step takes one at a time.
inline constexpr Index outer_rows = 128;

/// From one step of a tile's columns to the next.
template <class T>
inline constexpr Index left_width = round_up(tile_rows, Pack<T>::size);

/// put(k, row(j, part)) for the steps of K that `depth` rows make: row gives words of columns j …
template <class K, class T, class F>
void each_step(const T* from, Index stride, Index depth, F&& put) {
  using P = Pack<T>;
  for (Index k = 0, r = 0; r < depth; ++k, r += K::together, from += K::together * stride)
    put(k, [&](Index j, auto part) {
      if constexpr (K::together == 1) return P::load(from + j, part);
      else return K::weave(P::load(from + j, part), r + 1 < depth ? P::load(from + stride + j, part) : P(0));
    });
}

/// `count` columns of some rows, a tile's at a time: (steps, left_width) each, `outer_rows` steps apart.
template <class K, class T>
void gather_columns(const T* from, Index stride, Index depth, Index count, typename K::Word* to) {
  constexpr Index width = left_width<T>;
  each_step<K>(from, stride, depth, [&](Index k, auto row) {
    for (Index i = 0, at = k * width; i < count; i += tile_rows, at += outer_rows * width)
      along<T>(std::min(width, count - i), [&](Index j, auto part) { row(i + j, part).store(to + at + j); });
  });
}

/// `count` columns of some rows as panels: (steps, width) each, `outer_rows` steps apart, zeros past the last column.
template <class K, class T>
void gather_panels(const T* from, Index stride, Index depth, Index count, typename K::Word* to) {
  constexpr Index width = panel_width<T>, size = Pack<T>::size;
  each_step<K>(from, stride, depth, [&](Index k, auto row) {
    typename K::Word* const step = to + k * width;
    const auto at = [&](Index j) { return step + j / width * outer_rows * width + j % width; };
    along<T>(count, [&](Index j, auto part) { row(j, part).store(at(j)); });
    if (const Index end = round_up(count, size); end % width != 0) std::fill_n(at(end), size, typename K::Word{});
  });
}

/// How much of a result of so many tiles and panels is a task: about a square, since a task puts its side of both matrices together
/// for itself; at least two tasks for every thread.
struct OuterTask {
  Index high, wide;

  OuterTask(Index tiles, Index panels, Index width, Index threads)
      : high{even_piece(tiles, 16)}, wide{even_piece(panels, 16)} {
    while (pieces(tiles, high) * pieces(panels, wide) < 2 * threads && high * wide > 1) {
      Index& longer = wide == 1 || (high > 1 && high * tile_rows > wide * width) ? high : wide;
      longer = pieces(longer, 2);
    }
  }
};

/// c = aᵀ b for panels of columns of b in steps of K, each element one chain over the rows of a.          a : (r, n)
/// A task owns a part of c, `high` tiles by `wide` panels; rows come in blocks that stay in cache, the sums waiting in scratch
/// between them. columns(r, depth, p0, p1, p, room) says where rows [r, r + depth) of panel p of the task's [p0, p1) lie;
/// store(i, p, sums) takes row i of c, panel p.
template <class T, class K = Singles<T>, class Columns, class Store>
void outer_product(Crew& crew, const In<T>& a, Index cols, Index high, Index wide, Index room, Columns&& columns,
                   Store&& store) {
  using Word = typename K::Word;
  static_assert(sizeof(Word) == sizeof(T) && std::is_same_v<typename K::Sum, T>,
                "outer_product: scratch is counted in T");
  constexpr Index width = panel_width<T>, together = outer_rows * K::together;
  const Index across = pieces(cols, width), bands = pieces(pieces(a.cols, tile_rows), high), tall = high * tile_rows;
  Crew::Shift shift{crew};
  shift.template parallel<T>(
      bands * pieces(across, wide), high * (tile_rows * wide * width + left_width<T> * outer_rows) + room,
      [&](Index task, T* own) {
        const Index i0 = task % bands * tall, i1 = std::min(a.cols, i0 + tall);
        const Index p0 = task / bands * wide, p1 = std::min(across, p0 + wide);
        T *const left = own + tall * wide * width, *const spare = left + high * left_width<T> * outer_rows;
        for (Index r = 0; r < std::max<Index>(a.rows, 1); r += together) {
          const Index depth = std::min(together, a.rows - r);
          gather_columns<K>(a.row(r) + i0, a.stride, depth, i1 - i0, reinterpret_cast<Word*>(left));
          for (Index p = p0; p < p1; ++p) {
            const Piece<Word> b = columns(r, depth, p0, p1, p, reinterpret_cast<Word*>(spare));
            for (Index i = i0, n = 0; i < i1; i += tile_rows, ++n)
              tile_in<K, Reading::across>(std::min(tile_rows, i1 - i), pieces(depth, K::together),
                                          reinterpret_cast<Word*>(left) + n * left_width<T> * outer_rows, left_width<T>,
                                          b.data, b.stride, own + ((p - p0) * tall + i - i0) * width, width, r > 0,
                                          {b.data});
          }
        }
        for (Index i = i0; i < i1; ++i)
          for (Index p = p0; p < p1; ++p) store(i, p, own + ((p - p0) * tall + i - i0) * width);
      });
}

}  // namespace detail

template <class T, class Self>
struct CpuOuter {
  /// c += aᵀ b, each element one chain over the rows; in bfloat16 arithmetic in steps of two.          a : (r, n), b : (r, k), c : (n, k)
  void outer(In<T> a, In<T> b, Acc<T> c) {
    if (c.count() == 0) return;
    if constexpr (detail::takes<detail::Pairs, T>)
      if (self().arithmetic() == Arithmetic::bfloat16) return outer_in<detail::Pairs>(a, b, c);
    outer_in<detail::Singles<T>>(a, b, c);
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
          for (Index i = block * high; i < std::min(x.rows, (block + 1) * high); ++i)
            total = total + Pack<T>::load(x.row(i) + j, part);
          total.store(partials + block * stride + j);
        });
    });
    add_partials(partials, blocks, stride, sum);
  }

 private:
  Self& self() { return static_cast<Self&>(*this); }
  Crew& crew() { return self().crew(); }

  template <class K>
  void outer_in(const In<T>& a, const In<T>& b, const Acc<T>& c) {
    using Word = typename K::Word;
    constexpr Index width = panel_width<T>, block = detail::outer_rows * width;
    const detail::OuterTask task{pieces(c.rows, tile_rows), pieces(c.cols, width), width, crew().threads()};
    detail::outer_product<T, K>(
        crew(), a, c.cols, task.high, task.wide, task.wide * block,
        [&](Index r, Index depth, Index p0, Index p1, Index p, Word* room) -> detail::Piece<Word> {
          if (p == p0)
            detail::gather_panels<K>(b.row(r) + p0 * width, b.stride, depth, std::min(c.cols, p1 * width) - p0 * width,
                                     room);
          return {room + (p - p0) * block, width};
        },
        [&](Index i, Index p, const T* sums) {
          along<T>(std::min(width, c.cols - p * width), [&](Index j, auto part) {
            accumulate(c.row(i) + p * width + j, c.fresh, Pack<T>::load(sums + j), part);
          });
        });
  }
};

}  // namespace clip::inline CLIP_ABI

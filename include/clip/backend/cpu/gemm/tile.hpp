// clip/backend/cpu/gemm/tile.hpp: the register tile every product is made of.
//
// A few rows of the result times two packets stay in registers while k runs. Each element is one chain of multiply-adds
// over k in order, in every tile height alike, so a result does not depend on where its row or column happened to stand.
#pragma once

#include <clip/backend/cpu/simd/simd.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace clip::inline CLIP_ABI {

/// Columns of a panel: two packets.
template <class T>
inline constexpr Index panel_width = 2 * Pack<T>::size;

/// Rows of the tile: as many as leave registers for two packets of b and one of a.
inline constexpr Index tile_rows = EIGEN_ARCH_DEFAULT_NUMBER_OF_REGISTERS >= 32   ? 12
                                   : EIGEN_ARCH_DEFAULT_NUMBER_OF_REGISTERS >= 16 ? 6
                                                                                  : 2;

/// The fewest tiles that cover so many rows.
constexpr Index tiles_of(Index rows) { return (rows + tile_rows - 1) / tile_rows; }

/// f(i, rows) for those that cover rows [begin, end), in order: their heights differ by one at most, since a last tile of few rows waits
/// for its columns.
template <class F>
[[gnu::always_inline]] inline void each_tile(Index begin, Index end, F&& f) {
  const Index tiles = tiles_of(end - begin);
  for (Index t = 0, i = begin, rows; t < tiles; ++t, i += rows) {
    rows = begin + (end - begin) * (t + 1) / tiles - i;
    f(i, rows);
  }
}

/// How a is read: a(row, k) as it lies, or the transpose of what lies there.
enum class Reading { along, across };

namespace detail {

/// How a product takes its k: one at a time, T times T. What takes several at a time has the same shape (backend/cpu/simd/dot.hpp).
template <class T>
struct Singles {
  using Word = T;  // the values one step takes of a row of x, and of an output
  using Sum = T;   // what they are added up in
  using Words = Pack<T>;
  using Sums = Pack<T>;
  static constexpr Index together = 1;  // values in a word
  static constexpr Index header = 0;    // words of every column before a panel
  static constexpr bool native = true;
  static Sums add(Words a, Words b, Sums c) { return fma(a, b, c); }
};

/// Memory that is needed soon: with every step of k a tile asks for what lies `step` words further.
template <class Word>
struct Ahead {
  const Word* at;
  Index step = 0;
  void fetch() {
    __builtin_prefetch(at);
    __builtin_prefetch(at + 64 / sizeof(Word));
    at += step;
  }
};

/// c (+)= a b.          a : (rows, depth), b : (depth, panel_width), c : (rows, panel_width); `more` continues the sums in c
/// One row per number r; the folds below leave nothing but registers of them.
template <class K, Reading reading, Index... r>
void register_tile(std::integer_sequence<Index, r...>, Index depth, const typename K::Word* a, Index lda,
                   const typename K::Word* b, Index ldb, typename K::Sum* c, Index ldc, bool more,
                   Ahead<typename K::Word> ahead) {
  using Words = typename K::Words;
  using Sums = typename K::Sums;
  Sums left[sizeof...(r)], right[sizeof...(r)];
  if (more) ((left[r] = Sums::load(c + r * ldc), right[r] = Sums::load(c + r * ldc + Sums::size)), ...);
  else ((left[r] = Sums(0), right[r] = Sums(0)), ...);
  for (Index k = 0; k < depth; ++k, b += ldb) {
    const Words b0 = Words::load(b), b1 = Words::load(b + Sums::size);
    Words value;
    if constexpr (reading == Reading::along) {
      ((value = Words(a[r * lda]), left[r] = K::add(value, b0, left[r]), right[r] = K::add(value, b1, right[r])), ...);
      ++a, ahead.fetch();
    } else {
      ((value = Words(a[r]), left[r] = K::add(value, b0, left[r]), right[r] = K::add(value, b1, right[r])), ...);
      a += lda;
    }
  }
  ((left[r].store(c + r * ldc), right[r].store(c + r * ldc + Sums::size)), ...);
}

template <class K, Reading reading, Index rows>
void tile_of(Index depth, const typename K::Word* a, Index lda, const typename K::Word* b, Index ldb,
             typename K::Sum* c, Index ldc, bool more, Ahead<typename K::Word> ahead) {
  register_tile<K, reading>(std::make_integer_sequence<Index, rows>{}, depth, a, lda, b, ldb, c, ldc, more, ahead);
}

template <class K>
using Tile = void (*)(Index, const typename K::Word*, Index, const typename K::Word*, Index, typename K::Sum*, Index,
                      bool, Ahead<typename K::Word>);

template <class K, Reading reading>
inline constexpr auto tiles = []<Index... r>(std::integer_sequence<Index, r...>) {
  return std::array<Tile<K>, sizeof...(r)>{&tile_of<K, reading, r + 1>...};
}
(std::make_integer_sequence<Index, tile_rows>{});

/// c (+)= a b for 1 … tile_rows rows, in steps of K.
template <class K, Reading reading = Reading::along>
void tile_in(Index rows, Index depth, const typename K::Word* a, Index lda, const typename K::Word* b, Index ldb,
             typename K::Sum* c, Index ldc, bool more, Ahead<typename K::Word> ahead) {
  tiles<K, reading>[static_cast<std::size_t>(rows - 1)](depth, a, lda, b, ldb, c, ldc, more, ahead);
}

}  // namespace detail

/// c (+)= a b for 1 … tile_rows rows.
template <class T, Reading reading = Reading::along>
void tile(Index rows, Index depth, const T* a, Index lda, const T* b, Index ldb, T* c, Index ldc, bool more = false) {
  detail::tile_in<detail::Singles<T>, reading>(rows, depth, a, lda, b, ldb, c, ldc, more, {b});
}

}  // namespace clip::inline CLIP_ABI

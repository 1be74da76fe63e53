// clip/backend/cpu/tile.hpp: the register tile every product is made of.
//
// A few rows of the result times two packets stay in registers while k runs. Each element is one chain of multiply-adds
// over k in order, in every tile height alike, so a result does not depend on where its row or column happened to stand.
#pragma once

#include <clip/backend/cpu/pack.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace clip::inline CLIP_ABI {

/// Columns of a panel: two packets.
template <class T>
inline constexpr Index panel_width = 2 * Pack<T>::size;

/// Rows of the tile: as many as leave registers for two packets of b and one of a.
inline constexpr Index tile_rows = EIGEN_ARCH_DEFAULT_NUMBER_OF_REGISTERS >= 32 ? 12 : EIGEN_ARCH_DEFAULT_NUMBER_OF_REGISTERS >= 16 ? 6 : 2;

/// How a is read: a(row, k) as it lies, or the transpose of what lies there.
enum class Reading { along, across };

namespace detail {

/// c (+)= a b.          a : (rows, depth), b : (depth, panel_width), c : (rows, panel_width); `more` continues the sums in c
/// One row per number r; the folds below leave nothing but registers of them.
template <class T, Reading reading, Index... r>
void register_tile(std::integer_sequence<Index, r...>, Index depth, const T* a, Index lda, const T* b, Index ldb, T* c, Index ldc, bool more) {
  using P = Pack<T>;
  P left[sizeof...(r)], right[sizeof...(r)];
  if (more) ((left[r] = P::load(c + r * ldc), right[r] = P::load(c + r * ldc + P::size)), ...);
  else ((left[r] = P(0), right[r] = P(0)), ...);
  for (Index k = 0; k < depth; ++k, b += ldb) {
    const P b0 = P::load(b), b1 = P::load(b + P::size);
    P value;
    if constexpr (reading == Reading::along) {
      ((value = P(a[r * lda]), left[r] = fma(value, b0, left[r]), right[r] = fma(value, b1, right[r])), ...);
      ++a;
    } else {
      ((value = P(a[r]), left[r] = fma(value, b0, left[r]), right[r] = fma(value, b1, right[r])), ...);
      a += lda;
    }
  }
  ((left[r].store(c + r * ldc), right[r].store(c + r * ldc + P::size)), ...);
}

template <class T, Reading reading, Index rows>
void tile_of(Index depth, const T* a, Index lda, const T* b, Index ldb, T* c, Index ldc, bool more) {
  register_tile<T, reading>(std::make_integer_sequence<Index, rows>{}, depth, a, lda, b, ldb, c, ldc, more);
}

template <class T>
using Tile = void (*)(Index, const T*, Index, const T*, Index, T*, Index, bool);

template <class T, Reading reading>
inline constexpr auto tiles = []<Index... r>(std::integer_sequence<Index, r...>) {
  return std::array<Tile<T>, sizeof...(r)>{&tile_of<T, reading, r + 1>...};
}
(std::make_integer_sequence<Index, tile_rows>{});

}  // namespace detail

/// c (+)= a b for 1 … tile_rows rows.
template <class T, Reading reading = Reading::along>
void tile(Index rows, Index depth, const T* a, Index lda, const T* b, Index ldb, T* c, Index ldc, bool more = false) {
  detail::tiles<T, reading>[static_cast<std::size_t>(rows - 1)](depth, a, lda, b, ldb, c, ldc, more);
}

}  // namespace clip::inline CLIP_ABI

// clip/backend/cpu/widen.hpp: panels of 16-bit weights as numbers the tile computes with.
#pragma once

#include <clip/backend/cpu/tile.hpp>
#include <clip/core/half.hpp>
#include <clip/core/view.hpp>

#ifdef __F16C__
#include <immintrin.h>
#endif

#include <cstdint>
#include <type_traits>

namespace clip::inline CLIP_ABI::detail {

/// One row of a panel. The loops have a constant length, so that compilers use the machine's width.
template <class T>
[[gnu::always_inline]] inline void widen_bfloat16(const std::uint16_t* from, T* to) {
  for (Index j = 0; j < panel_width<T>; ++j) to[j] = bfloat16_to_float(from[j]);
}
template <class T>
[[gnu::always_inline]] inline void widen_half(const std::uint16_t* from, T* to) {
#ifdef __F16C__
  if constexpr (std::is_same_v<T, float> && panel_width<T> % 8 == 0) {
    for (Index j = 0; j < panel_width<T>; j += 8) _mm256_storeu_ps(to + j, _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from + j))));
    return;
  }
#endif
  for (Index j = 0; j < panel_width<T>; ++j) to[j] = half_to_float(from[j]);
}

/// Writes panel p of a weight in 16-bit panels, `depth` rows of it.
template <class T>
auto widened(const Weights<T>& w, Index depth) {
  return [from = reinterpret_cast<const std::uint16_t*>(w.data), half = w.layout == Layout::half_panels, depth](Index p, T* to) {
    const std::uint16_t* row = from + p * panel_width<T> * depth;
    if (half)
      for (Index k = 0; k < depth; ++k, row += panel_width<T>, to += panel_width<T>) widen_half(row, to);
    else
      for (Index k = 0; k < depth; ++k, row += panel_width<T>, to += panel_width<T>) widen_bfloat16(row, to);
  };
}

}  // namespace clip::inline CLIP_ABI::detail

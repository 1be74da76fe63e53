// clip/backend/cpu/weights/quantised.hpp: panels of smaller types: narrowed from panels of T, and widened back.
//
//   half_panels      W halves for every k
//   bfloat16_panels  W pairs for every two k
//   int8_panels      W scales (float), W sums of weights times 128 (int32), then W quads for every four k: each output has a scale
//                    of its own, its largest magnitude is 127
// Words past the last k hold zeros. (W = panel_width)
#pragma once

#include <clip/backend/cpu/gemm/tile.hpp>
#include <clip/backend/cpu/threads/workers.hpp>
#include <clip/backend/cpu/weights/layouts.hpp>
#include <clip/core/half.hpp>
#include <clip/core/intrinsics.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace clip::inline CLIP_ABI::detail {

/// Bytes of a panel of k inputs.
template <class T>
constexpr Index panel_bytes(Layout layout, Index k) {
  constexpr Index width = panel_width<T>;
  if (layout == CpuLayout::half_panels) return 2 * width * k;
  if (layout == CpuLayout::bfloat16_panels) return 4 * width * pieces(k, 2);
  if (layout == CpuLayout::int8_panels) return 4 * width * (2 + pieces(k, 4));
  return static_cast<Index>(sizeof(T)) * width * k;
}

/// A row of a panel, moved as bytes: a panel may be narrowed in its place.
template <class V, Index n>
struct RowOf {
  V v[n];
  static RowOf load(const void* from) {
    RowOf row;
    std::memcpy(row.v, from, sizeof row.v);
    return row;
  }
  void store(void* to) const { std::memcpy(to, v, sizeof v); }
};

/// A panel of T as pairs of bfloat16, each value rounded to the nearest. `to` may be where the panel is.
template <class T>
void narrow_to_pairs(const T* from, Index k, std::byte* to) {
  constexpr Index width = panel_width<T>;
  for (Index i = 0; i < k; i += 2, from += 2 * width, to += 4 * width) {
    const auto low = RowOf<T, width>::load(from),
               high = i + 1 < k ? RowOf<T, width>::load(from + width) : RowOf<T, width>{};
    RowOf<std::uint32_t, width> pairs;
    for (Index j = 0; j < width; ++j)
      pairs.v[j] = float_to_bfloat16(static_cast<float>(low.v[j])) |
                   static_cast<std::uint32_t>(float_to_bfloat16(static_cast<float>(high.v[j]))) << 16;
    pairs.store(to);
  }
}

template <class T>
void narrow_to_quads(const T* from, Index k, std::byte* to) {
  constexpr Index width = panel_width<T>;
  RowOf<float, width> scale{};
  RowOf<std::int32_t, width> sum{};
  for (Index i = 0; i < k; ++i)
    for (Index j = 0; j < width; ++j)
      scale.v[j] = std::max(scale.v[j], std::abs(static_cast<float>(from[i * width + j])) / 127);
  std::byte* const header = to;
  to += 8 * width;
  for (Index i = 0; i < k; i += 4, to += 4 * width) {
    RowOf<std::uint32_t, width> quads{};
    for (Index l = i; l < std::min(k, i + 4); ++l)
      for (Index j = 0; j < width; ++j) {
        const float units = scale.v[j] > 0 ? static_cast<float>(from[l * width + j]) / scale.v[j] : 0;
        const auto q = static_cast<std::int32_t>(std::lrint(std::clamp(units, -127.0f, 127.0f)));
        sum.v[j] += 128 * q;
        quads.v[j] |= static_cast<std::uint32_t>(q & 255) << (8 * (l - i));
      }
    quads.store(to);
  }
  scale.store(header), sum.store(header + 4 * width);
}

/// A panel of T in another layout.
template <class T>
void narrow_panel(Layout layout, const T* from, Index k, std::byte* to) {
  constexpr Index width = panel_width<T>;
  if (layout == CpuLayout::bfloat16_panels) return narrow_to_pairs(from, k, to);
  if (layout == CpuLayout::int8_panels) return narrow_to_quads(from, k, to);
  if (layout == CpuLayout::panels)
    return static_cast<void>(std::memcpy(to, from, static_cast<std::size_t>(panel_bytes<T>(layout, k))));
  for (Index i = 0; i < k; ++i, from += width, to += 2 * width) {
    RowOf<std::uint16_t, width> halves;
    for (Index j = 0; j < width; ++j) halves.v[j] = float_to_half(static_cast<float>(from[j]));
    halves.store(to);
  }
}

/// One row of a panel. The loops have a constant length, so that compilers use the machine's width.
template <class T>
[[gnu::always_inline]] inline void widen_half(const std::byte* from, T* to) {
#if defined(__F16C__) && defined(__AVX__)
  if constexpr (std::is_same_v<T, float> && panel_width<T> % 8 == 0) {
    for (Index j = 0; j < panel_width<T>; j += 8)
      _mm256_storeu_ps(to + j, _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from + 2 * j))));
    return;
  }
#endif
  const auto halves = RowOf<std::uint16_t, panel_width<T>>::load(from);
  for (Index j = 0; j < panel_width<T>; ++j) to[j] = static_cast<T>(half_to_float(halves.v[j]));
}

/// Inputs [begin, end) of a panel in any layout as T.
template <class T>
void widen_panel(Layout layout, const std::byte* from, Index begin, Index end, T* to) {
  constexpr Index width = panel_width<T>;
  if (layout == CpuLayout::half_panels) {
    for (Index i = begin; i < end; ++i, to += width) widen_half(from + 2 * width * i, to);
  } else if (layout == CpuLayout::bfloat16_panels) {
    for (Index i = begin; i < end; ++i, to += width) {
      const auto pairs = RowOf<std::uint32_t, width>::load(from + i / 2 * 4 * width);
      const Index shift = 16 - i % 2 * 16;
      for (Index j = 0; j < width; ++j) to[j] = static_cast<T>(std::bit_cast<float>(pairs.v[j] << shift & 0xFFFF0000U));
    }
  } else if (layout == CpuLayout::int8_panels) {
    const auto scale = RowOf<float, width>::load(from);
    for (Index i = begin; i < end; ++i, to += width) {
      const auto quads = RowOf<std::uint32_t, width>::load(from + (2 + i / 4) * 4 * width);
      const Index shift = 24 - i % 4 * 8;
      for (Index j = 0; j < width; ++j)
        to[j] = static_cast<T>(static_cast<float>(static_cast<std::int32_t>(quads.v[j] << shift) >> 24) * scale.v[j]);
    }
  } else {
    const Index one = panel_bytes<T>(layout, 1);
    std::memcpy(to, from + begin * one, static_cast<std::size_t>((end - begin) * one));
  }
}

}  // namespace clip::inline CLIP_ABI::detail

// clip/backend/cpu/weights/quantised.hpp: packed weights in half, bfloat16 and int8.
//
//   half_panels      W halves per k, rounded to the nearest
//   bfloat16_panels  W lanes of two bfloat16 per two k, rounded to the nearest
//   int8_panels      header of W scales (float) and W column sums times 128 (int32), then W lanes of four int8 per
//                    four k. Symmetric, one scale per output: its largest magnitude becomes 127
// Lanes past the last k hold zeros. (W = panel_width)
#pragma once

#include <clip/backend/cpu/gemm/tile.hpp>
#include <clip/backend/cpu/threads/partition.hpp>
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

namespace clip::inline CLIP_ABI::cpu {

/// Bytes of a panel of k inputs.
template <class T>
constexpr Index panel_bytes(Layout layout, Index k) {
  constexpr Index width = panel_width<T>;
  if (layout == CpuLayout::half_panels) return 2 * width * k;
  if (layout == CpuLayout::bfloat16_panels) return 4 * width * ceil_div(k, 2);
  if (layout == CpuLayout::int8_panels) return 4 * width * (2 + ceil_div(k, 4));
  return static_cast<Index>(sizeof(T)) * width * k;
}

/// One row of a panel, copied as bytes, so that a panel can be quantised in place.
template <class V, Index n>
struct PanelRow {
  V v[n];
  static PanelRow load(const void* from) {
    PanelRow row;
    std::memcpy(row.v, from, sizeof row.v);
    return row;
  }
  void store(void* to) const { std::memcpy(to, v, sizeof v); }
};

/// Quantises a panel of T to bfloat16 lanes. `to` may be the panel itself.
template <class T>
void quantise_to_bfloat16(const T* from, Index k, std::byte* to) {
  constexpr Index width = panel_width<T>;
  for (Index i = 0; i < k; i += 2, from += 2 * width, to += 4 * width) {
    const auto low = PanelRow<T, width>::load(from);
    const auto high = i + 1 < k ? PanelRow<T, width>::load(from + width) : PanelRow<T, width>{};
    PanelRow<std::uint32_t, width> lanes;
    for (Index j = 0; j < width; ++j)
      lanes.v[j] = float_to_bfloat16(static_cast<float>(low.v[j])) |
                   static_cast<std::uint32_t>(float_to_bfloat16(static_cast<float>(high.v[j]))) << 16;
    lanes.store(to);
  }
}

/// Quantises a panel of T to int8 lanes, scales and column sums before them.
template <class T>
void quantise_to_int8(const T* from, Index k, std::byte* to) {
  constexpr Index width = panel_width<T>;
  PanelRow<float, width> scale{};
  PanelRow<std::int32_t, width> sum{};
  for (Index i = 0; i < k; ++i)
    for (Index j = 0; j < width; ++j)
      scale.v[j] = std::max(scale.v[j], std::abs(static_cast<float>(from[i * width + j])) / 127);
  std::byte* const header = to;
  to += 8 * width;
  for (Index i = 0; i < k; i += 4, to += 4 * width) {
    PanelRow<std::uint32_t, width> lanes{};
    for (Index l = i; l < std::min(k, i + 4); ++l)
      for (Index j = 0; j < width; ++j) {
        const float units = scale.v[j] > 0 ? static_cast<float>(from[l * width + j]) / scale.v[j] : 0;
        const auto q = static_cast<std::int32_t>(std::lrint(std::clamp(units, -127.0f, 127.0f)));
        sum.v[j] += 128 * q;
        lanes.v[j] |= static_cast<std::uint32_t>(q & 255) << (8 * (l - i));
      }
    lanes.store(to);
  }
  scale.store(header);
  sum.store(header + 4 * width);
}

/// Converts a panel of T to another layout.
template <class T>
void quantise_panel(Layout layout, const T* from, Index k, std::byte* to) {
  constexpr Index width = panel_width<T>;
  if (layout == CpuLayout::bfloat16_panels) return quantise_to_bfloat16(from, k, to);
  if (layout == CpuLayout::int8_panels) return quantise_to_int8(from, k, to);
  if (layout == CpuLayout::panels) {
    std::memcpy(to, from, static_cast<std::size_t>(panel_bytes<T>(layout, k)));
    return;
  }
  for (Index i = 0; i < k; ++i, from += width, to += 2 * width) {
    PanelRow<std::uint16_t, width> halves;
    for (Index j = 0; j < width; ++j) halves.v[j] = float_to_half(static_cast<float>(from[j]));
    halves.store(to);
  }
}

/// Dequantises one row of a panel of halves. The loops have constant lengths, so that the compiler vectorises them.
template <class T>
[[gnu::always_inline]] inline void dequantise_half_row(const std::byte* from, T* to) {
#if defined(__F16C__) && defined(__AVX__)
  if constexpr (std::is_same_v<T, float> && panel_width<T> % 8 == 0) {
    for (Index j = 0; j < panel_width<T>; j += 8)
      _mm256_storeu_ps(to + j, _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from + 2 * j))));
    return;
  }
#endif
  const auto halves = PanelRow<std::uint16_t, panel_width<T>>::load(from);
  for (Index j = 0; j < panel_width<T>; ++j) to[j] = static_cast<T>(half_to_float(halves.v[j]));
}

/// Inputs [begin, end) of a panel in any layout, converted to T.
template <class T>
void dequantise_panel(Layout layout, const std::byte* from, Index begin, Index end, T* to) {
  constexpr Index width = panel_width<T>;
  if (layout == CpuLayout::half_panels) {
    for (Index i = begin; i < end; ++i, to += width) dequantise_half_row(from + 2 * width * i, to);
  } else if (layout == CpuLayout::bfloat16_panels) {
    for (Index i = begin; i < end; ++i, to += width) {
      const auto lanes = PanelRow<std::uint32_t, width>::load(from + i / 2 * 4 * width);
      const Index shift = 16 - i % 2 * 16;
      for (Index j = 0; j < width; ++j) to[j] = static_cast<T>(std::bit_cast<float>(lanes.v[j] << shift & 0xFFFF0000U));
    }
  } else if (layout == CpuLayout::int8_panels) {
    const auto scale = PanelRow<float, width>::load(from);
    for (Index i = begin; i < end; ++i, to += width) {
      const auto lanes = PanelRow<std::uint32_t, width>::load(from + (2 + i / 4) * 4 * width);
      const Index shift = 24 - i % 4 * 8;
      for (Index j = 0; j < width; ++j)
        to[j] = static_cast<T>(static_cast<float>(static_cast<std::int32_t>(lanes.v[j] << shift) >> 24) * scale.v[j]);
    }
  } else {
    const Index row_bytes = panel_bytes<T>(layout, 1);
    std::memcpy(to, from + begin * row_bytes, static_cast<std::size_t>((end - begin) * row_bytes));
  }
}

}  // namespace clip::inline CLIP_ABI::cpu

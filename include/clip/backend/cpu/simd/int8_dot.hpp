// clip/backend/cpu/simd/int8_dot.hpp: dot-product step of 8-bit integers: by dot products of bytes, or of 16-bit pairs.
//
// A row of x is scaled by its largest magnitude and rounded to [-127, 127]. Sums of integers are exact, so both steps
// give the same bits.
#pragma once

#include <clip/backend/cpu/simd/dot.hpp>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

namespace clip::inline CLIP_ABI::cpu {

#if defined(__AVX512VNNI__) || CLIP_AVX2 || CLIP_SDOT
/// Packet of 32-bit integer sums.
struct Int8Sums : SimdU32 {
  Int8Sums() = default;
  Int8Sums(SimdU32 lanes) : SimdU32{lanes} {}
  explicit Int8Sums(int) : SimdU32(std::uint32_t{0}) {}
  static Int8Sums load(const void* p) { return SimdU32::load(p); }
};
#endif

#if defined(__AVX512VNNI__) || (CLIP_AVX2 && defined(__AVXVNNI__))
/// Unsigned bytes times signed bytes, four values per step (vpdpbusd). Rows are stored with an offset of 128; the
/// header of the weights holds the column sums that correct for it.
struct Int8Step {
  static constexpr bool native = true, has_offset = true;
  static constexpr Index values_per_lane = 4, parts = 1;
  static SimdU32 load(const std::uint32_t* panel) { return SimdU32::load(panel); }
#ifdef __AVX512VNNI__
  static Int8Sums add(SimdU32 a, SimdU32 b, Int8Sums c) { return SimdU32{_mm512_dpbusd_epi32(c.v, a.v, b.v)}; }
#else
  static Int8Sums add(SimdU32 a, SimdU32 b, Int8Sums c) { return SimdU32{_mm256_dpbusd_avx_epi32(c.v, a.v, b.v)}; }
#endif

  /// Stores the lowest byte of every lane as values i … of a row.
  static void store_values(Simd<float> x, std::uint32_t* row, Index i) {
    std::uint8_t* const to = reinterpret_cast<std::uint8_t*>(row) + i;
#ifdef __AVX512VNNI__
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm512_cvtepi32_epi8(_mm512_castps_si512(x.v)));
#else
    const __m256i byte = _mm256_and_si256(_mm256_castps_si256(x.v), _mm256_set1_epi32(255));
    const __m128i pair = _mm_packus_epi32(_mm256_castsi256_si128(byte), _mm256_extracti128_si256(byte, 1));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(to), _mm_packus_epi16(pair, pair));
#endif
  }
};
#elif CLIP_AVX2
/// Pairs of signed 16-bit integers in lanes (vpmaddwd), which cannot overflow.
struct Int16Pairs {
  using Lane = std::uint32_t;
  using PanelLane = Lane;
  using Sum = std::int32_t;
  using LanePacket = SimdU32;
  using SumPacket = Int8Sums;
  static constexpr Index values_per_lane = 2, parts = 1;
  static SimdU32 load(const std::uint32_t* panel) { return SimdU32::load(panel); }
  static Int8Sums add(SimdU32 a, SimdU32 b, Int8Sums c) {
    return SimdU32{_mm256_add_epi32(c.v, _mm256_madd_epi16(a.v, b.v))};
  }
};

/// Pairs of signed 16-bit integers, too, for panels of bytes: the four bytes of a panel's lane are widened in the tile: the even ones for one step, the odd ones for the next. A row holds its values in that order (0, 2, 1, 3).
struct Int8Step {
  using Widened = Int16Pairs;
  static constexpr bool native = true, has_offset = false;
  static constexpr Index values_per_lane = 2, parts = 2;
  static SimdU32 load(const std::uint32_t* panel) {
    return _mm256_srai_epi16(_mm256_slli_epi16(SimdU32::load(panel).v, 8), 8);
  }
  static SimdU32 load_second(const std::uint32_t* panel) { return _mm256_srai_epi16(SimdU32::load(panel).v, 8); }
  static Int8Sums add(SimdU32 a, SimdU32 b, Int8Sums c) { return Int16Pairs::add(a, b, c); }

  /// Stores the lowest byte of every lane, less 128, as values i … of a row.
  static void store_values(Simd<float> x, std::uint32_t* row, Index i) {
    constexpr int even_first = _MM_SHUFFLE(3, 1, 2, 0);
    const __m256i byte = _mm256_and_si256(_mm256_castps_si256(x.v), _mm256_set1_epi32(255));
    const __m256i value = _mm256_sub_epi32(byte, _mm256_set1_epi32(128));
    const __m256i packed = _mm256_permute4x64_epi64(_mm256_packs_epi32(value, value), even_first);  // first half
    const __m128i ordered = _mm_shufflelo_epi16(_mm256_castsi256_si128(packed), even_first);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(row + i / 2), _mm_shufflehi_epi16(ordered, even_first));
  }
};
#elif CLIP_SDOT
/// Signed bytes times signed bytes, four values per step (sdot).
struct Int8Step {
  static constexpr bool native = true, has_offset = false;
  static constexpr Index values_per_lane = 4, parts = 1;
  static SimdU32 load(const std::uint32_t* panel) { return SimdU32::load(panel); }
  static Int8Sums add(SimdU32 a, SimdU32 b, Int8Sums c) {
    return SimdU32{vreinterpretq_u32_s32(
        vdotq_s32(vreinterpretq_s32_u32(c.v), vreinterpretq_s8_u32(a.v), vreinterpretq_s8_u32(b.v)))};
  }

  /// Stores the lowest byte of every lane, less 128, as values i … of a row.
  static void store_values(Simd<float> x, std::uint32_t* row, Index i) {
    const uint16x4_t half = vmovn_u32(vreinterpretq_u32_f32(x.v));
    const uint8x8_t byte = veor_u8(vmovn_u16(vcombine_u16(half, half)), vdup_n_u8(128));
    const std::uint32_t four = vget_lane_u32(vreinterpret_u32_u8(byte), 0);
    std::memcpy(reinterpret_cast<std::uint8_t*>(row) + i, &four, sizeof four);
  }
};
#else
struct Int8Step {
  static constexpr bool native = false;
};
#endif

/// Integers of 8 bits, summed in 32 bits.
struct Int8Dot : Int8Step {
  using Lane = std::uint32_t;
  using PanelLane = Lane;
  using Sum = std::int32_t;
  static constexpr Index header = 2;
  static constexpr bool quantises_rows = true;
#if defined(__AVX512VNNI__) || CLIP_AVX2 || CLIP_SDOT
  using LanePacket = SimdU32;
  using SumPacket = Int8Sums;

  /// Quantises n values into lanes and returns the scale of one unit, which is not finite if one of the values is not.
  static float quantise(const float* x, Index n, Lane* to) {
    using P = Simd<float>;
    SimdU32 maximum[4] = {SimdU32(std::uint32_t{0}), SimdU32(std::uint32_t{0}), SimdU32(std::uint32_t{0}),
                          SimdU32(std::uint32_t{0})};
    Index k = 0;
    for (; k + 4 * P::size <= n; k += 4 * P::size)
      for (Index i = 0; i < 4; ++i) maximum[i] = larger(maximum[i], P::load(x + k + i * P::size));
    each_packet<float>(n - k, [&](Index i, auto mask) { maximum[0] = larger(maximum[0], P::load(x + k + i, mask)); });
    const std::uint32_t bits = std::max(std::max(maximum[0].largest(), maximum[1].largest()),
                                        std::max(maximum[2].largest(), maximum[3].largest()));
    const float largest = std::bit_cast<float>(bits);
    const P inverse(largest > 0 ? 127 / largest : 0);
    const P round(12582912 + 128);  // 1.5 · 2²³ + 128: the sum's lowest byte is the rounded value plus 128
    each_packet<float>(n, [&](Index i, auto mask) { store_values(fma(P::load(x + i, mask), inverse, round), to, i); });
    return largest / 127;
  }

  /// Converts integer sums to floats in place. The header of a panel holds the scales of its columns, then their sums
  /// times 128.
  static void dequantise(const Sum* sums, Index rows, const Lane* header_lanes, const float* scale, float* values) {
    using P = Simd<float>;
    for (Index r = 0; r < rows; ++r, sums += 2 * P::size, values += 2 * P::size)
      for (Index j = 0; j < 2 * P::size; j += P::size) {
        const P unit = P(scale[r]) * P::load(reinterpret_cast<const float*>(header_lanes) + j);
        SimdU32 sum = SimdU32::load(sums + j);
        if constexpr (has_offset) sum = sum - SimdU32::load(header_lanes + 2 * P::size + j);
        (unit * sum.to_float()).store(values + j);
      }
  }
#endif
};

}  // namespace clip::inline CLIP_ABI::cpu

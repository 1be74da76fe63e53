// clip/backend/cpu/simd/dot.hpp: dot-product steps of a matrix product: FMA of T, bfloat16 pairs, int8 quads.
//
// A lane holds the values of one step of k: one T, two bfloat16 or four 8-bit integers. Panels of lanes are as wide as
// panels of floats, so the same tile and the same blocking serve all three. Eigen has no packet function for the
// instructions on pairs and quads. Where the machine lacks them (`native` is false), products use FmaDot on dequantised
// weights.
#pragma once

#include <clip/backend/cpu/simd/loops.hpp>
#include <clip/core/intrinsics.hpp>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

namespace clip::inline CLIP_ABI::cpu {

/// One value of T per step, summed in T by fused multiply-adds.
template <class T>
struct FmaDot {
  using Lane = T;              // values of one row of x, or of one output, in one step
  using Sum = T;               // type of the running sum
  using LanePacket = Simd<T>;  // packet of lanes
  using SumPacket = Simd<T>;   // packet of sums
  static constexpr Index values_per_lane = 1;
  static constexpr Index header = 0;  // lanes of every column before a panel
  static constexpr bool native = true;
  static SumPacket add(LanePacket a, LanePacket b, SumPacket c) { return fma(a, b, c); }
};

/// Packet of 32-bit lanes, as many as floats fill one.
#if defined(__AVX512F__)
struct SimdU32 {
  __m512i v;
  SimdU32() = default;
  SimdU32(__m512i packet) : v{packet} {}
  explicit SimdU32(std::uint32_t lane) : v{_mm512_set1_epi32(static_cast<int>(lane))} {}
  static constexpr Index size = 16;
  static SimdU32 load(const void* p) { return _mm512_loadu_si512(p); }
  void store(void* p) const { _mm512_storeu_si512(p, v); }
  Simd<float> to_float() const { return Simd<float>::of(_mm512_cvtepi32_ps(v)); }
  friend SimdU32 operator-(SimdU32 a, SimdU32 b) { return _mm512_sub_epi32(a.v, b.v); }
  /// The larger magnitudes, compared as bit patterns of floats: NaN is above infinity, infinity above all numbers.
  friend SimdU32 larger(SimdU32 a, Simd<float> x) { return _mm512_max_epu32(a.v, _mm512_castps_si512(abs(x).v)); }
  std::uint32_t largest() const { return _mm512_reduce_max_epu32(v); }
};
#elif defined(__AVXVNNI__)
struct SimdU32 {
  __m256i v;
  SimdU32() = default;
  SimdU32(__m256i packet) : v{packet} {}
  explicit SimdU32(std::uint32_t lane) : v{_mm256_set1_epi32(static_cast<int>(lane))} {}
  static constexpr Index size = 8;
  static SimdU32 load(const void* p) { return _mm256_loadu_si256(static_cast<const __m256i*>(p)); }
  void store(void* p) const { _mm256_storeu_si256(static_cast<__m256i*>(p), v); }
  Simd<float> to_float() const { return Simd<float>::of(_mm256_cvtepi32_ps(v)); }
  friend SimdU32 operator-(SimdU32 a, SimdU32 b) { return _mm256_sub_epi32(a.v, b.v); }
  friend SimdU32 larger(SimdU32 a, Simd<float> x) { return _mm256_max_epu32(a.v, _mm256_castps_si256(abs(x).v)); }
  std::uint32_t largest() const {
    alignas(32) std::uint32_t lane[size];
    store(lane);
    return *std::max_element(lane, lane + size);
  }
};
#endif

/// bfloat16 times bfloat16, two values per step, summed in float (vdpbf16ps).
struct Bfloat16Dot {
  using Lane = std::uint32_t;
  using Sum = float;
  static constexpr Index values_per_lane = 2, header = 0;
#ifdef __AVX512BF16__
  static constexpr bool native = true;
  using LanePacket = SimdU32;
  using SumPacket = Simd<float>;
  static SumPacket add(LanePacket a, LanePacket b, SumPacket c) {
    return SumPacket::of(_mm512_dpbf16_ps(c.v, reinterpret_cast<__m512bh>(a.v), reinterpret_cast<__m512bh>(b.v)));
  }

  /// Rounds n values to the nearest bfloat16 and writes them as lanes, zeros past the end. Returns the scale, 1.
  static float quantise(const float* x, Index n, Lane* to) {
    using P = Simd<float>;
    const auto store = [&](Index k, P low, P high) {
      _mm512_storeu_si512(to + k / 2, reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(high.v, low.v)));
    };
    Index k = 0;
    for (; k + 2 * P::size <= n; k += 2 * P::size) store(k, P::load(x + k), P::load(x + k + P::size));
    if (k + P::size < n) store(k, P::load(x + k), P::load(x + k + P::size, FirstLanes{n - k - P::size}));
    else if (k < n) store(k, P::load(x + k, FirstLanes{n - k}), P(0));
    return 1;
  }

  /// Interleaves two rows: each lane holds a value of the first and one of the second, rounded to the nearest bfloat16.
  static LanePacket interleave(Simd<float> first, Simd<float> second) {
    alignas(64) static constexpr std::uint16_t order[32] = {0,  16, 1,  17, 2,  18, 3,  19, 4,  20, 5,
                                                            21, 6,  22, 7,  23, 8,  24, 9,  25, 10, 26,
                                                            11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
    return _mm512_permutexvar_epi16(_mm512_load_si512(order),
                                    reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(second.v, first.v)));
  }
#else
  static constexpr bool native = false;
#endif
};

/// Unsigned bytes times signed bytes, four values per step, summed in 32-bit integers (vpdpbusd). A row of x is scaled
/// by its largest magnitude and stored with an offset of 128; the header of the weights holds the column sums that
/// correct for the offset.
struct Int8Dot {
  using Lane = std::uint32_t;
  using Sum = std::int32_t;
  static constexpr Index values_per_lane = 4, header = 2;
#if defined(__AVX512VNNI__) || (defined(__AVXVNNI__) && !defined(__AVX512F__))
  static constexpr bool native = true;
  using LanePacket = SimdU32;
  struct SumPacket : SimdU32 {
    SumPacket() = default;
    SumPacket(SimdU32 lanes) : SimdU32{lanes} {}
    explicit SumPacket(int) : SimdU32(std::uint32_t{0}) {}
    static SumPacket load(const void* p) { return SimdU32::load(p); }
  };
#ifdef __AVX512VNNI__
  static SumPacket add(LanePacket a, LanePacket b, SumPacket c) { return SimdU32{_mm512_dpbusd_epi32(c.v, a.v, b.v)}; }
#else
  static SumPacket add(LanePacket a, LanePacket b, SumPacket c) {
    return SimdU32{_mm256_dpbusd_avx_epi32(c.v, a.v, b.v)};
  }
#endif

  /// Stores the lowest byte of every lane.
  static void store_low_bytes(Simd<float> x, std::uint8_t* to) {
#ifdef __AVX512VNNI__
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm512_cvtepi32_epi8(_mm512_castps_si512(x.v)));
#else
    alignas(32) std::uint32_t lane[8];
    std::uint8_t byte[8];
    _mm256_store_ps(reinterpret_cast<float*>(lane), x.v);
    for (Index i = 0; i < 8; ++i) byte[i] = static_cast<std::uint8_t>(lane[i]);
    std::memcpy(to, byte, sizeof byte);
#endif
  }

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
    const P round(12582912 + 128);  // 1.5 · 2²³ + 128: the sum's lowest byte is the rounded value
    auto* const bytes = reinterpret_cast<std::uint8_t*>(to);
    each_packet<float>(
        n, [&](Index i, auto mask) { store_low_bytes(fma(P::load(x + i, mask), inverse, round), bytes + i); });
    return largest / 127;
  }

  /// Converts integer sums to floats in place. The header of a panel holds the scales of its columns, then their sums
  /// times 128.
  static void dequantise(const Sum* sums, Index rows, const Lane* header_lanes, const float* scale, float* values) {
    using P = Simd<float>;
    for (Index r = 0; r < rows; ++r, sums += 2 * P::size, values += 2 * P::size)
      for (Index j = 0; j < 2 * P::size; j += P::size) {
        const P unit = P(scale[r]) * P::load(reinterpret_cast<const float*>(header_lanes) + j);
        const SimdU32 sum = SimdU32::load(sums + j) - SimdU32::load(header_lanes + 2 * P::size + j);
        (unit * sum.to_float()).store(values + j);
      }
  }
#else
  static constexpr bool native = false;
#endif
};

}  // namespace clip::inline CLIP_ABI::cpu

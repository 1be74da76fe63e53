// clip/backend/cpu/simd/dot.hpp: dot-product steps of a matrix product: FMA of T, bfloat16 pairs.
//
// A lane holds the values of one step of k: one T, two bfloat16, or two or four integers (int8_dot.hpp). Panels of
// lanes are as wide as panels of floats, so the same tile and the same blocking serve all of them. Eigen has no packet
// function for the instructions on pairs and quads. Where the machine lacks them (`native` is false), products widen
// weights to T: in the tile (widened_fma.hpp), or before it for FmaDot.
#pragma once

#include <clip/backend/cpu/simd/loops.hpp>
#include <clip/core/intrinsics.hpp>

#include <algorithm>
#include <cstdint>

namespace clip::inline CLIP_ABI::cpu {

/// AVX2 without AVX-512: 16 registers of 8 floats.
#if defined(__AVX2__) && defined(__FMA__) && !defined(__AVX512F__)
#define CLIP_AVX2 1
inline constexpr bool is_avx2 = true;
#else
#define CLIP_AVX2 0
inline constexpr bool is_avx2 = false;
#endif

/// Arm's dot products of signed bytes (FEAT_DotProd).
#if defined(__aarch64__) && defined(__ARM_FEATURE_DOTPROD)
#define CLIP_SDOT 1
#else
#define CLIP_SDOT 0
#endif

/// One value of T per step, summed in T by fused multiply-adds.
template <class T>
struct FmaDot {
  using Lane = T;              // values of one row of x, or of one output, in one step
  using PanelLane = T;         // one output in a panel: the lanes of `parts` steps
  using Sum = T;               // type of the running sum
  using LanePacket = Simd<T>;  // packet of lanes
  using SumPacket = Simd<T>;   // packet of sums
  static constexpr Index values_per_lane = 1, parts = 1;
  static constexpr Index header = 0;  // panel lanes of every column before a panel
  static constexpr bool native = true, quantises_rows = false;
  static LanePacket load(const PanelLane* panel) { return LanePacket::load(panel); }
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
#elif CLIP_AVX2
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
#elif CLIP_SDOT
struct SimdU32 {
  uint32x4_t v;
  SimdU32() = default;
  SimdU32(uint32x4_t packet) : v{packet} {}
  explicit SimdU32(std::uint32_t lane) : v{vdupq_n_u32(lane)} {}
  static constexpr Index size = 4;
  static SimdU32 load(const void* p) { return vreinterpretq_u32_u8(vld1q_u8(static_cast<const std::uint8_t*>(p))); }
  void store(void* p) const { vst1q_u8(static_cast<std::uint8_t*>(p), vreinterpretq_u8_u32(v)); }
  Simd<float> to_float() const { return Simd<float>::of(vcvtq_f32_s32(vreinterpretq_s32_u32(v))); }
  friend SimdU32 operator-(SimdU32 a, SimdU32 b) { return vsubq_u32(a.v, b.v); }
  friend SimdU32 larger(SimdU32 a, Simd<float> x) { return vmaxq_u32(a.v, vreinterpretq_u32_f32(abs(x).v)); }
  std::uint32_t largest() const { return vmaxvq_u32(v); }
};
#endif

/// bfloat16 times bfloat16, two values per step, summed in float (vdpbf16ps).
struct Bfloat16Dot {
  using Lane = std::uint32_t;
  using PanelLane = Lane;
  using Sum = float;
  static constexpr Index values_per_lane = 2, parts = 1, header = 0;
  static constexpr bool quantises_rows = true;
#ifdef __AVX512BF16__
  static constexpr bool native = true;
  using LanePacket = SimdU32;
  using SumPacket = Simd<float>;
  static LanePacket load(const PanelLane* panel) { return LanePacket::load(panel); }
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

}  // namespace clip::inline CLIP_ABI::cpu

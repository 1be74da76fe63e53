// clip/backend/cpu/simd/widened_fma.hpp: steps that widen weights of 16 bits in the tile: fused multiply-adds of float.
//
// On AVX2 this saves half of the memory traffic. Shuffles take units that multiply-adds leave idle; conversions of half
// do not, so panels are widened before the tile where many tiles read them (backend/cpu/gemm/widen.hpp). Each step has
// the bits of FmaDot<float> on widened panels. (AVX-512 has the dot products of backend/cpu/simd/dot.hpp.)
#pragma once

#include <clip/backend/cpu/simd/dot.hpp>

#include <cstdint>

namespace clip::inline CLIP_ABI::cpu {

#if CLIP_AVX2 && defined(__F16C__)
/// Float times bfloat16. A panel's lane holds the weights of two steps.
struct Bfloat16Fma : FmaDot<float> {
  using PanelLane = std::uint32_t;
  static constexpr Index parts = 2;
  static SumPacket add(LanePacket a, LanePacket b, SumPacket c) {
    asm("vfmadd231ps %2, %1, %0" : "+x"(c.v) : "x"(a.v), "x"(b.v));
    return c;
  }
  // Both ports of multiply-adds shift, but shuffles and masks have a third one. The constants are read where they are
  // used, since all registers hold sums.
  static LanePacket load(const PanelLane* panel) {
    static constexpr Bytes low_half = {{-1, -1, 0, 1, -1, -1, 4, 5, -1, -1, 8, 9, -1, -1, 12, 13,
                                        -1, -1, 0, 1, -1, -1, 4, 5, -1, -1, 8, 9, -1, -1, 12, 13}};
    return LanePacket::of(_mm256_castsi256_ps(_mm256_shuffle_epi8(SimdU32::load(panel).v, load_here(low_half))));
  }
  static LanePacket load_second(const PanelLane* panel) {
    static constexpr Bytes high_half = {{0, 0, -1, -1, 0, 0, -1, -1, 0, 0, -1, -1, 0, 0, -1, -1,
                                         0, 0, -1, -1, 0, 0, -1, -1, 0, 0, -1, -1, 0, 0, -1, -1}};
    return LanePacket::of(_mm256_castsi256_ps(_mm256_and_si256(SimdU32::load(panel).v, load_here(high_half))));
  }

 private:
  struct alignas(32) Bytes {
    signed char byte[32];
  };
  static __m256i load_here(const Bytes& bytes) {
    const Bytes* p = &bytes;
    asm volatile("" : "+r"(p));
    return _mm256_load_si256(reinterpret_cast<const __m256i*>(p->byte));
  }
};

/// Float times half.
struct HalfFma : FmaDot<float> {
  using PanelLane = std::uint16_t;
  using Widened = FmaDot<float>;
  static LanePacket load(const PanelLane* panel) {
    return LanePacket::of(_mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(panel))));
  }
};
#else
struct Bfloat16Fma {
  static constexpr bool native = false;
};
struct HalfFma {
  static constexpr bool native = false;
};
#endif

}  // namespace clip::inline CLIP_ABI::cpu

// clip/backend/cpu/simd/widened_fma.hpp: steps that widen weights of 16 bits in the tile: fused multiply-adds of float.
//
// On AVX2 widening takes units that multiply-adds leave idle, so half of the memory traffic is saved at no cost. Each
// step has the bits of FmaDot<float> on widened panels. (AVX-512 has the dot products of backend/cpu/simd/dot.hpp.)
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
  static LanePacket load(const PanelLane* panel) {
    return LanePacket::of(_mm256_castsi256_ps(_mm256_slli_epi32(SimdU32::load(panel).v, 16)));
  }
  static LanePacket load_second(const PanelLane* panel) {
    alignas(32) static constexpr PanelLane high_half[8] = {0xFFFF0000, 0xFFFF0000, 0xFFFF0000, 0xFFFF0000,
                                                           0xFFFF0000, 0xFFFF0000, 0xFFFF0000, 0xFFFF0000};
    const PanelLane* mask = high_half;
    asm volatile("" : "+r"(mask));  // read where it is used: all registers hold sums
    return LanePacket::of(_mm256_castsi256_ps(_mm256_and_si256(SimdU32::load(panel).v, SimdU32::load(mask).v)));
  }
};

/// Float times half.
struct HalfFma : FmaDot<float> {
  using PanelLane = std::uint16_t;
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

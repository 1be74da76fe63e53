// clip/core/half.hpp: conversions between float and the 16-bit formats, IEEE half and bfloat16.
#pragma once

#include <clip/core/abi.hpp>

#include <bit>
#include <cstdint>

namespace clip::inline CLIP_ABI {

/// The exact value of an IEEE half: normal and subnormal numbers, infinities, NaN with its payload.
constexpr float half_to_float(std::uint16_t half) {
  const std::uint32_t sign = (half & 0x8000U) << 16, magnitude = half & 0x7FFFU;
  if (magnitude >= 0x7C00U) return std::bit_cast<float>(sign | 0x7F800000U | ((magnitude & 0x3FFU) << 13));
  if (magnitude >= 0x0400U) return std::bit_cast<float>(sign | ((magnitude << 13) + (112U << 23)));
  const float value = static_cast<float>(magnitude) * 0x1p-24f;
  return sign ? -value : value;
}

/// A bfloat16 is the upper half of a float.
constexpr float bfloat16_to_float(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

/// Rounds to the nearest half, ties to even; infinity from 65520 on. NaN stays NaN.
constexpr std::uint16_t float_to_half(float value) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(value), sign = bits >> 16 & 0x8000U,
                      magnitude = bits & 0x7FFFFFFFU;
  const auto with_sign = [&](std::uint32_t half) { return static_cast<std::uint16_t>(sign | half); };
  if (magnitude > 0x7F800000U) return with_sign(0x7E00U | (magnitude >> 13 & 0x3FFU));
  if (magnitude >= 0x477FF000U) return with_sign(0x7C00U);
  if (magnitude < 0x38800000U) {  // subnormal: adding 0.5 rounds to a multiple of 2^-24 in the low bits
    const float shifted = std::bit_cast<float>(magnitude) + 0.5f;
    return with_sign(std::bit_cast<std::uint32_t>(shifted) - 0x3F000000U);
  }
  return with_sign((magnitude - 0x38000000U + 0xFFFU + (magnitude >> 13 & 1U)) >> 13);
}

/// Rounds to the nearest bfloat16, ties to even; infinity above the largest finite value. NaN stays NaN.
constexpr std::uint16_t float_to_bfloat16(float value) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
  if ((bits & 0x7FFFFFFFU) > 0x7F800000U) return static_cast<std::uint16_t>(bits >> 16 | 0x40U);
  return static_cast<std::uint16_t>((bits + 0x7FFFU + (bits >> 16 & 1U)) >> 16);
}

}  // namespace clip::inline CLIP_ABI

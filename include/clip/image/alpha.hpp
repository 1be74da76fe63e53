// clip/image/alpha.hpp: premultiplied alpha: multiplies colours by alpha, and divides them again, as the reference
// does.
#pragma once

#include <clip/core/size.hpp>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

namespace clip::inline CLIP_ABI::detail {

/// c alpha / 255, rounded to nearest as in the reference, for two colours at once, in bits 0 … 7 and 16 … 23.
constexpr std::uint32_t two_by_alpha(std::uint32_t two, std::uint32_t alpha) {
  const std::uint32_t t = two * alpha + 0x00800080;
  return ((((t >> 8) & 0x00FF00FF) + t) >> 8) & 0x00FF00FF;
}

/// 255 c / alpha, rounded down and at most 255. An alpha of 0 or 255 does not change the colour. (Exact in float for
/// numbers this small.)
constexpr std::int32_t divided_by_alpha(std::int32_t c, std::int32_t alpha) {
  const auto quotient =
      static_cast<std::int32_t>(static_cast<float>(255 * c) / static_cast<float>(alpha > 0 ? alpha : 1));
  return alpha == 0 || alpha == 255 ? c : std::min(quotient, 255);
}

/// Bytes processed per call: 16 RGBA pixels. The fixed number lets the compiler vectorise the loops.
inline constexpr Index alpha_block = 64;

// Bit positions of alpha and of the colours in a pixel loaded as one 32-bit number.
inline constexpr bool first_byte_low = std::endian::native == std::endian::little;
inline constexpr int alpha_at = first_byte_low ? 24 : 0, colors_at = first_byte_low ? 0 : 8;

inline void multiply_by_alpha(std::uint8_t* pixels) {
  std::uint32_t v[alpha_block / 4];
  std::memcpy(v, pixels, alpha_block);
  for (std::uint32_t& p : v) {
    const std::uint32_t alpha = (p >> alpha_at) & 255;
    const std::uint32_t outer = two_by_alpha((p >> colors_at) & 0x00FF00FF, alpha),
                        middle = two_by_alpha((p >> (colors_at + 8)) & 255, alpha);
    p = alpha << alpha_at | outer << colors_at | middle << (colors_at + 8);
  }
  std::memcpy(pixels, v, alpha_block);
}

inline void divide_by_alpha(std::uint8_t* pixels) {
  std::int32_t v[alpha_block / 4];
  std::memcpy(v, pixels, alpha_block);
  for (std::int32_t& p : v) {
    const std::int32_t alpha = (p >> alpha_at) & 255;
    std::int32_t divided = alpha << alpha_at;
    for (int c = 0; c < 24; c += 8) divided |= divided_by_alpha((p >> (colors_at + c)) & 255, alpha) << (colors_at + c);
    p = divided;
  }
  std::memcpy(pixels, v, alpha_block);
}

}  // namespace clip::inline CLIP_ABI::detail

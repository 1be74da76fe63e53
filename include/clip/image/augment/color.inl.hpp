// clip/image/augment/color.inl.hpp: definitions of clip/image/augment/color.hpp.
#pragma once

#include <clip/core/error.hpp>
#include <clip/image/augment/color.hpp>
#include <clip/image/convert.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {

using Color = std::array<std::uint8_t, 3>;

/// The image in RGB, each pixel replaced by f(pixel).
template <class F>
Image map_colors(const Image& image, F&& f) {
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(3 * image.width() * image.height()));
  for (Index y = 0; y < image.height(); ++y) {
    std::uint8_t* row = bytes.data() + 3 * image.width() * y;
    rgb_row(image, y, row);
    for (Index x = 0; x < image.width(); ++x, row += 3) {
      const Color color = f(Color{row[0], row[1], row[2]});
      std::copy(color.begin(), color.end(), row);
    }
  }
  return {image.width(), image.height(), Pixels::rgb, std::move(bytes)};
}

/// Pillow's L: ITU-R 601-2 luma in 16-bit fractions, rounded.
constexpr std::uint8_t luma(const Color& c) {
  return static_cast<std::uint8_t>((19595U * c[0] + 38470U * c[1] + 7471U * c[2] + 0x8000U) >> 16);
}

/// from + factor (to - from) in floats, clamped to bytes, rounded down: Pillow's Image.blend.
inline std::uint8_t blend(std::uint8_t from, std::uint8_t to, float factor) {
  // Rounded before the sum: a compiler may otherwise fuse the two.
  const volatile float step = factor * static_cast<float>(to - from);
  return static_cast<std::uint8_t>(std::clamp(static_cast<float>(from) + step, 0.0f, 255.0f));
}

/// The 256 results of a byte blended with itself as `to`.
inline std::array<std::uint8_t, 256> blends_with(std::uint8_t from, float factor) {
  std::array<std::uint8_t, 256> table{};
  for (std::size_t to = 0; to < 256; ++to) table[to] = blend(from, static_cast<std::uint8_t>(to), factor);
  return table;
}

inline void check_factor(const char* place, float factor) {
  if (!(factor >= 0) || factor > std::numeric_limits<float>::max())
    raise(OptionError{place, "factor", "a number of 0 or more", factor});
}

/// Hue, saturation and value of 8 bits, each rounded down as Pillow's conversion does.
inline Color to_hsv(const Color& c) {
  const std::uint8_t most = std::max({c[0], c[1], c[2]}), least = std::min({c[0], c[1], c[2]});
  if (most == least) return {0, 0, most};
  const auto range = static_cast<float>(most - least), saturation = range / static_cast<float>(most);
  const auto below = [&](std::size_t i) { return static_cast<float>(most - c[i]) / range; };
  const float r = below(0), g = below(1), b = below(2);
  float hue;
  if (c[0] == most) hue = b - g;
  else if (c[1] == most) hue = static_cast<float>(2.0 + static_cast<double>(r) - static_cast<double>(b));
  else hue = static_cast<float>(4.0 + static_cast<double>(g) - static_cast<double>(r));
  hue = static_cast<float>(std::fmod(static_cast<double>(hue) / 6.0 + 1.0, 1.0));
  return {static_cast<std::uint8_t>(static_cast<double>(hue) * 255.0),
          static_cast<std::uint8_t>(static_cast<double>(saturation) * 255.0), most};
}

inline Color from_hsv(const Color& hsv) {
  const std::uint8_t v = hsv[2];
  if (hsv[1] == 0) return {v, v, v};
  const double sixths = static_cast<double>(hsv[0]) * 6.0 / 255.0;
  const int sector = static_cast<int>(sixths);
  const auto fraction = static_cast<double>(static_cast<float>(sixths - sector));
  const auto saturation = static_cast<double>(static_cast<float>(hsv[1] / 255.0));
  const auto byte = [v](double share) {
    return static_cast<std::uint8_t>(std::clamp(std::round(static_cast<double>(v) * share), 0.0, 255.0));
  };
  const std::uint8_t p = byte(1.0 - saturation), q = byte(1.0 - saturation * fraction),
                     t = byte(1.0 - saturation * (1.0 - fraction));
  switch (sector % 6) {
    case 0: return {v, t, p};
    case 1: return {q, v, p};
    case 2: return {p, v, t};
    case 3: return {p, q, v};
    case 4: return {t, p, v};
    default: return {v, p, q};
  }
}

}  // namespace detail

CLIP_HOST Image adjust_brightness(const Image& image, float factor) {
  detail::check_factor("adjust_brightness", factor);
  const auto table = detail::blends_with(0, factor);
  return detail::map_colors(image, [&](const detail::Color& c) {
    return detail::Color{table[c[0]], table[c[1]], table[c[2]]};
  });
}

CLIP_HOST Image adjust_contrast(const Image& image, float factor) {
  detail::check_factor("adjust_contrast", factor);
  if (image.empty()) raise(InputError{"adjust_contrast", "pixels of the image", "1 or more", 0});
  std::uint64_t sum = 0;
  const Image rgb = detail::map_colors(image, [&](const detail::Color& c) {
    sum += detail::luma(c);
    return c;
  });
  const double mean = static_cast<double>(sum) / static_cast<double>(image.width() * image.height());
  const auto table = detail::blends_with(static_cast<std::uint8_t>(mean + 0.5), factor);
  return detail::map_colors(rgb, [&](const detail::Color& c) {
    return detail::Color{table[c[0]], table[c[1]], table[c[2]]};
  });
}

CLIP_HOST Image adjust_saturation(const Image& image, float factor) {
  detail::check_factor("adjust_saturation", factor);
  return detail::map_colors(image, [&](const detail::Color& c) {
    const std::uint8_t gray = detail::luma(c);
    return detail::Color{detail::blend(gray, c[0], factor), detail::blend(gray, c[1], factor),
                         detail::blend(gray, c[2], factor)};
  });
}

CLIP_HOST Image adjust_hue(const Image& image, double shift) {
  if (!(shift >= -0.5 && shift <= 0.5)) raise(OptionError{"adjust_hue", "shift", "-0.5 to 0.5", shift});
  const auto levels = static_cast<std::uint8_t>(static_cast<int>(shift * 255));
  return detail::map_colors(image, [&](const detail::Color& c) {
    detail::Color hsv = detail::to_hsv(c);
    hsv[0] = static_cast<std::uint8_t>(hsv[0] + levels);
    return detail::from_hsv(hsv);
  });
}

}  // namespace clip::inline CLIP_ABI

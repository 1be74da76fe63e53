// clip/image/augment/crop.inl.hpp: definitions of clip/image/augment/crop.hpp.
#pragma once

#include <clip/core/error.hpp>
#include <clip/image/augment/crop.hpp>
#include <clip/image/convert.hpp>
#include <clip/image/resize/resize.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {

/// A float, uniform from `least` to `most`.
inline float draw_between(double least, double most, Rng& rng) {
  // Rounded before the sum: a compiler may otherwise fuse the two.
  const volatile double above = (most - least) * rng.uniform();
  return static_cast<float>(least + above);
}

/// Python's round(): halves to even.
inline Index nearest_even(double x) { return static_cast<Index>(std::nearbyint(x)); }

}  // namespace detail

CLIP_HOST Result<void> try_check(const CropOptions& options) {
  const auto check = [](const std::string& what, const std::array<double, 2>& bounds) -> Result<void> {
    if (!(bounds[0] > 0) || !(bounds[1] >= bounds[0]) || !std::isfinite(bounds[1]))
      return OptionError{"random resized crop", what, "two positive numbers, the smaller one first",
                         std::to_string(bounds[0]) + " and " + std::to_string(bounds[1])};
    return {};
  };
  if (auto good = check("scale", options.scale); !good) return good.error();
  return check("ratio", options.ratio);
}

CLIP_HOST CropBox draw_crop(Index width, Index height, const CropOptions& options, Rng& rng) {
  try_check(options).value();
  const auto log_of = [](double ratio) {
    return static_cast<double>(static_cast<float>(std::log(static_cast<double>(static_cast<float>(ratio)))));
  };
  const double area = static_cast<double>(width) * static_cast<double>(height), least = log_of(options.ratio[0]),
               most = log_of(options.ratio[1]);
  for (int attempt = 0; attempt < 10; ++attempt) {
    const double target = area * static_cast<double>(detail::draw_between(options.scale[0], options.scale[1], rng));
    const double logarithm = static_cast<double>(detail::draw_between(least, most, rng));
    const auto ratio = static_cast<double>(static_cast<float>(std::exp(logarithm)));
    const Index w = detail::nearest_even(std::sqrt(target * ratio)),
                h = detail::nearest_even(std::sqrt(target / ratio));
    if (w < 1 || w > width || h < 1 || h > height) continue;
    const auto top = static_cast<Index>(rng.below(static_cast<std::uint64_t>(height - h + 1)));
    const auto left = static_cast<Index>(rng.below(static_cast<std::uint64_t>(width - w + 1)));
    return {left, top, w, h};
  }
  CropBox box{0, 0, width, height};
  const double ratio = static_cast<double>(width) / static_cast<double>(height);
  if (ratio < options.ratio[0]) box.height = detail::nearest_even(static_cast<double>(width) / options.ratio[0]);
  else if (ratio > options.ratio[1]) box.width = detail::nearest_even(static_cast<double>(height) * options.ratio[1]);
  box.left = (width - box.width) / 2;
  box.top = (height - box.height) / 2;
  return box;
}

CLIP_HOST Image resized_crop(const Image& image, const CropBox& box, Index size, Interpolation interpolation,
                             Resampling resampling) {
  const bool inside = box.left >= 0 && box.top >= 0 && box.width > 0 && box.height > 0 &&
                      box.width <= image.width() - box.left && box.height <= image.height() - box.top;
  if (!inside)
    raise(InputError{"resized crop", "box",
                     "inside " + std::to_string(image.width()) + " x " + std::to_string(image.height()) + " pixels",
                     std::to_string(box.width) + " x " + std::to_string(box.height) + " at " +
                         std::to_string(box.left) + ", " + std::to_string(box.top)});
  const Image part = Image::view(image.row(box.top) + box.left * image.channels(), box.width, box.height,
                                 image.stride(), image.pixels());
  return resize(part.pixels() == Pixels::rgb ? part : to_rgb(part), size, size, interpolation, resampling);
}

CLIP_HOST Image flip_horizontally(const Image& image) {
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(3 * image.width() * image.height()));
  for (Index y = 0; y < image.height(); ++y) {
    std::uint8_t* const row = bytes.data() + 3 * image.width() * y;
    detail::rgb_row(image, y, row);
    for (Index left = 0, right = image.width() - 1; left < right; ++left, --right)
      std::swap_ranges(row + 3 * left, row + 3 * left + 3, row + 3 * right);
  }
  return {image.width(), image.height(), Pixels::rgb, std::move(bytes)};
}

}  // namespace clip::inline CLIP_ABI

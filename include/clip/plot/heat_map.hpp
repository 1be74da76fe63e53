// clip/plot/heat_map.hpp: maps of numbers laid over images, in colours, and images side by side.
#pragma once

#include <clip/core/view.hpp>
#include <clip/image/image.hpp>
#include <clip/plot/svg.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// The colour of a number from 0 to 1, from dark violet over red and orange to pale yellow: lighter at every step, so
/// that it also reads without colours.
inline Rgb heat_color(double x) {
  constexpr std::array<Rgb, 6> stops{
      {{13, 8, 60}, {84, 20, 112}, {160, 36, 100}, {221, 75, 57}, {250, 150, 30}, {252, 245, 160}}};
  const double at = std::clamp(x, 0.0, 1.0) * (stops.size() - 1);
  const auto i = std::min(static_cast<std::size_t>(at), stops.size() - 2);
  return mix(stops[i], stops[i + 1], at - static_cast<double>(i));
}

/// A map resized bilinearly: the centres of the outer cells keep their values up to the border. (height, width)
/// ShapeError: a map without values.
template <class T>
std::vector<double> resized_map(View<const T> map, Index height, Index width) {
  if (map.count() == 0) raise(ShapeError{"resized_map", "values", "1 or more", 0});
  const auto place = [](Index i, Index to, Index from) {
    const double at = (static_cast<double>(i) + 0.5) * static_cast<double>(from) / static_cast<double>(to) - 0.5;
    return std::clamp(at, 0.0, static_cast<double>(from - 1));
  };
  std::vector<double> values;
  values.reserve(static_cast<std::size_t>(height * width));
  for (Index y = 0; y < height; ++y) {
    const double v = place(y, height, map.rows);
    const auto top = static_cast<Index>(v), bottom = std::min(top + 1, map.rows - 1);
    for (Index x = 0; x < width; ++x) {
      const double u = place(x, width, map.cols);
      const auto left = static_cast<Index>(u), right = std::min(left + 1, map.cols - 1);
      const auto between = [&](Index row) {
        const double a = static_cast<double>(map(row, left)), b = static_cast<double>(map(row, right));
        return a + (b - a) * (u - static_cast<double>(left));
      };
      values.push_back(between(top) + (between(bottom) - between(top)) * (v - static_cast<double>(top)));
    }
  }
  return values;
}

struct OverlayOptions {
  double opacity = 0.6;          // of the colours over the image
  std::optional<double> low{};   // the value of the darkest colour; none: the smallest of the map
  std::optional<double> high{};  // the value of the lightest one; none: the largest of the map
};

/// A map over an RGB image, resized to it, in colours. A map of equal values has the darkest colour.
/// InputError: an image of other pixels, or without any. ShapeError: a map without values.
template <class T>
Image overlay(const Image& image, View<const T> map, const OverlayOptions& options = {}) {
  if (image.pixels() != Pixels::rgb) raise(InputError{"overlay", "pixels of the image that are not RGB"});
  if (map.count() == 0) raise(ShapeError{"overlay", "values of the map", "1 or more", 0});
  double low = static_cast<double>(map(0, 0)), high = low;
  for (Index y = 0; y < map.rows; ++y)
    for (Index x = 0; x < map.cols; ++x) {
      low = std::min(low, static_cast<double>(map(y, x)));
      high = std::max(high, static_cast<double>(map(y, x)));
    }
  low = options.low.value_or(low);
  high = options.high.value_or(high);
  const std::vector<double> values = resized_map(map, image.height(), image.width());
  std::vector<std::uint8_t> bytes;
  bytes.reserve(values.size() * 3);
  for (Index y = 0; y < image.height(); ++y)
    for (Index x = 0; x < image.width(); ++x) {
      const std::uint8_t* const p = image.row(y) + 3 * x;
      const double value = values[static_cast<std::size_t>(y * image.width() + x)];
      const Rgb heat = heat_color(high > low ? (value - low) / (high - low) : 0);
      const Rgb both = mix({p[0], p[1], p[2]}, heat, options.opacity);
      bytes.insert(bytes.end(), {both.red, both.green, both.blue});
    }
  return Image{image.width(), image.height(), Pixels::rgb, std::move(bytes)};
}

/// An RGB image with every pixel repeated `factor` times in both directions: small images in sharp squares.
/// InputError: other pixels. OptionError: a factor below 1.
inline Image enlarged(const Image& image, Index factor) {
  if (image.pixels() != Pixels::rgb) raise(InputError{"enlarged", "pixels of the image that are not RGB"});
  if (factor < 1) raise(OptionError{"enlarged", "factor", "1 or more", factor});
  std::vector<std::uint8_t> bytes;
  for (Index y = 0; y < image.height() * factor; ++y)
    for (Index x = 0; x < image.width() * factor; ++x) {
      const std::uint8_t* const p = image.row(y / factor) + 3 * (x / factor);
      bytes.insert(bytes.end(), p, p + 3);
    }
  return Image{image.width() * factor, image.height() * factor, Pixels::rgb, std::move(bytes)};
}

/// RGB images of one size in rows of `columns`, on white, `gap` pixels apart. An image without pixels leaves its place
/// empty. InputError: no image, other pixels, or two sizes. OptionError: columns below 1.
inline Image contact_sheet(std::span<const Image> images, Index columns, Index gap = 4) {
  if (columns < 1) raise(OptionError{"contact_sheet", "columns", "1 or more", columns});
  const auto first = std::find_if(images.begin(), images.end(), [](const Image& i) { return !i.empty(); });
  if (first == images.end()) raise(InputError{"contact_sheet", "number of images", "1 or more", 0});
  const Index w = first->width(), h = first->height(), n = static_cast<Index>(images.size());
  const Index width = columns * (w + gap) - gap, height = (n + columns - 1) / columns * (h + gap) - gap;
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(3 * width * height), 255);
  for (Index i = 0; i < n; ++i) {
    const Image& image = images[static_cast<std::size_t>(i)];
    if (image.empty()) continue;
    if (image.pixels() != Pixels::rgb || image.width() != w || image.height() != h)
      raise(InputError{"contact_sheet", "image " + std::to_string(i), "RGB of the size of the first", "another"});
    for (Index y = 0; y < h; ++y)
      std::copy_n(image.row(y), 3 * w,
                  bytes.begin() + 3 * ((i / columns * (h + gap) + y) * width + i % columns * (w + gap)));
  }
  return Image{width, height, Pixels::rgb, std::move(bytes)};
}

}  // namespace clip::inline CLIP_ABI

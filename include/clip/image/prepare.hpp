// clip/image/prepare.hpp: one decoded picture resized, cut, and written as the planes of a model's input.
#pragma once

#include <clip/config/preprocessing.hpp>
#include <clip/image/convert.hpp>
#include <clip/image/image.hpp>
#include <clip/image/normalize.hpp>
#include <clip/image/resize/resize.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI::detail {

/// Where a picture lies within its resized form.
struct Placement {
  Index width, height;  // of the whole picture, resized
  Box part;             // what the model sees of it
};

/// Half of n, halves to the even side: Python's round(n / 2).
constexpr Index half_to_even(Index n) { return n / 2 + (n % 4 == 3 ? 1 : 0); }

/// Where a picture lands, of width x height and a model of size x size. The longer side is cut off to whole pixels.
constexpr Placement place(const Preprocessing& how, Index width, Index height, Index size) {
  if (how.resize == ResizeMode::squash) return {size, size, {0, 0, size, size}};
  const Index shorter = std::min(width, height), w = size * width / shorter, h = size * height / shorter;
  const bool even = how.color_order == ColorOrder::openai;
  const Index left = even ? half_to_even(w - size) : (w - size) / 2,
              top = even ? half_to_even(h - size) : (h - size) / 2;
  return {w, h, {left, top, size, size}};
}

/// An image as the model sees it, still in its own pixels; borrowed from the image, the resizer, or `converted`.
inline Image placed(Resizer& resizer, Image& converted, const Image& image, const Preprocessing& how, Index size) {
  const Placement at = place(how, image.width(), image.height(), size);
  if (how.color_order == ColorOrder::openai)
    return resizer(image, at.width, at.height, at.part, ResizeManner::of(image, how.interpolation));
  // RGB first: alpha is dropped in the end, so it may come along unused; palettes are colours like any others.
  const Image& colors = needs_conversion(image.pixels()) ? converted = to_rgb(image) : image;
  return resizer(colors, at.width, at.height, at.part, {.interpolation = how.interpolation});
}

/// Prepares pictures, call by call: what those of a call share, and memory for each worker, which is kept.
class Preparer {
 public:
  /// From now on pictures become (3, size, size), on `workers` threads.
  void begin(const Preprocessing& how, Index size, int workers) {
    how_ = how, size_ = size;
    normalize_ = Normalization{how};
    if (std::cmp_less(resizers_.size(), workers)) resizers_.resize(static_cast<std::size_t>(workers));
  }

  void operator()(int worker, const Image& image, std::span<float> planes) {
    Image converted;
    normalize_(placed(resizers_[static_cast<std::size_t>(worker)], converted, image, how_, size_), planes);
  }

 private:
  Preprocessing how_;
  Index size_ = 0;
  Normalization normalize_{how_};
  std::vector<Resizer> resizers_;
};

}  // namespace clip::inline CLIP_ABI::detail

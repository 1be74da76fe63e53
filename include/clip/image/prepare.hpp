// clip/image/prepare.hpp: resizes, crops and normalises one image into the planes of the model input.
#pragma once

#include <clip/config/preprocessing.hpp>
#include <clip/image/convert.hpp>
#include <clip/image/image.hpp>
#include <clip/image/normalize.hpp>
#include <clip/image/resize/resizer.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI::detail {

/// Size after resizing, and the crop.
struct Placement {
  Index width, height;  // of the whole image, resized
  Box part;             // the crop: the model's input
};

/// n / 2, halves rounded to even: Python's round(n / 2).
constexpr Index half_to_even(Index n) { return n / 2 + (n % 4 == 3 ? 1 : 0); }

/// Resize and crop of a width x height image for a model of size x size. The longer side is rounded down to whole
/// pixels.
constexpr Placement placement(const Preprocessing& how, Index width, Index height, Index size) {
  const bool squash = how.resize == ResizeMode::squash;
  const Index side = how.resized(size), shorter = std::min(width, height);
  const Index w = squash ? side : side * width / shorter, h = squash ? side : side * height / shorter;
  const bool even = how.color_order == ColorOrder::openai;
  const Index left = even ? half_to_even(w - size) : (w - size) / 2,
              top = even ? half_to_even(h - size) : (h - size) / 2;
  return {w, h, {left, top, size, size}};
}

/// The resized and cropped image in its own pixel format: a view of the image, the resizer, or `converted`.
inline Image resized_and_cropped(Resizer& resizer, Image& converted, const Image& image, const Preprocessing& how,
                                 Index size) {
  const Placement at = placement(how, image.width(), image.height(), size);
  if (how.color_order == ColorOrder::openai && how.resampling != Resampling::torchvision)
    return resizer(image, at.width, at.height, at.part, ResizeManner::of(image, how.interpolation, how.resampling));
  // transformers 5 lays alpha and transparent colours on white, before all else.
  const bool on_white = how.color_order == ColorOrder::huggingface && how.resampling == Resampling::torchvision;
  if (on_white && (has_alpha(image.pixels()) || image.transparency() != nullptr))
    return resizer(converted = to_rgb_on_white(image), at.width, at.height, at.part,
                   {.interpolation = how.interpolation, .resampling = how.resampling});
  // Convert to RGB first. Alpha is dropped in the end, so it may be resized unused; palette colours are ordinary
  // colours here.
  const Image& colors = needs_conversion(image.pixels()) ? converted = to_rgb(image) : image;
  return resizer(colors, at.width, at.height, at.part,
                 {.interpolation = how.interpolation, .resampling = how.resampling});
}

/// Prepares the images of a call. Holds the data that they share, and memory per worker that later calls reuse.
class Preparer {
 public:
  /// Starts a call: images will become (3, size, size), on `workers` threads.
  void begin(const Preprocessing& how, Index size, int workers) {
    how_ = how;
    size_ = size;
    normalize_ = Normalization{how};
    if (std::cmp_less(resizers_.size(), workers)) resizers_.resize(static_cast<std::size_t>(workers));
  }

  void operator()(int worker, const Image& image, std::span<float> planes) {
    Image converted;
    normalize_(resized_and_cropped(resizers_[static_cast<std::size_t>(worker)], converted, image, how_, size_), planes);
  }

 private:
  Preprocessing how_;
  Index size_ = 0;
  Normalization normalize_{how_};
  std::vector<Resizer> resizers_;
};

}  // namespace clip::inline CLIP_ABI::detail

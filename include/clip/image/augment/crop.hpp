// clip/image/augment/crop.hpp: random resized crops and mirror images, by torchvision's rules of drawing.
#pragma once

#include <clip/config/preprocessing.hpp>
#include <clip/core/result.hpp>
#include <clip/core/rng.hpp>
#include <clip/image/image.hpp>

#include <array>

namespace clip::inline CLIP_ABI {

/// Of RandomResizedCrop (Szegedy et al. 2015): the share of the area, and width / height; each the least and the most.
struct CropOptions {
  std::array<double, 2> scale{0.08, 1.0};
  std::array<double, 2> ratio{3.0 / 4.0, 4.0 / 3.0};

  friend bool operator==(const CropOptions&, const CropOptions&) = default;
};

/// OptionError: bounds that are not positive and finite, or in the wrong order.
[[nodiscard]] CLIP_HOST Result<void> try_check(const CropOptions& options);

/// A rectangle of pixels inside an image.
struct CropBox {
  Index left, top, width, height;

  friend bool operator==(const CropBox&, const CropBox&) = default;
};

/// Draws a crop of a width x height image: an area, uniform in scale, and a ratio, uniform in its logarithm; up to ten
/// times, until the crop fits; then its corner. Otherwise the largest crop in the middle whose ratio is allowed. Areas and
/// ratios are rounded to float, as torchvision draws them.
CLIP_HOST CropBox draw_crop(Index width, Index height, const CropOptions& options, Rng& rng);

/// The part of an image, in RGB, resized to size x size. Palettes become colours before the resize, alpha is dropped.
/// InputError: a box that is empty or not inside the image. OptionError: see try_resize.
CLIP_HOST Image resized_crop(const Image& image, const CropBox& box, Index size,
                             Interpolation interpolation = Interpolation::bicubic,
                             Resampling resampling = Resampling::pillow13);

/// The mirror image, left and right exchanged, in RGB.
CLIP_HOST Image flip_horizontally(const Image& image);

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/image/augment/crop.inl.hpp>
#endif

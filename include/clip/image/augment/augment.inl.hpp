// clip/image/augment/augment.inl.hpp: definitions of clip/image/augment/augment.hpp.
#pragma once

#include <clip/backend/threads.hpp>
#include <clip/core/error.hpp>
#include <clip/image/augment/augment.hpp>
#include <clip/image/augment/color.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {

/// An order of four, each equally probable (Fisher and Yates, from the end).
inline std::array<int, 4> draw_order(Rng& rng) {
  std::array<int, 4> order{0, 1, 2, 3};
  for (std::size_t i = 3; i > 0; --i) std::swap(order[i], order[static_cast<std::size_t>(rng.below(i + 1))]);
  return order;
}

/// The order is drawn first, then a factor for every property that changes.
inline Image jittered(Image image, const ColorJitter& how, Rng& rng) {
  if (how == ColorJitter{}) return image;
  const auto order = draw_order(rng);
  const auto factor = [&](double range) {
    return range > 0 ? draw_between(std::max(0.0, 1 - range), 1 + range, rng) : 1.0f;
  };
  const float brightness = factor(how.brightness), contrast = factor(how.contrast), saturation = factor(how.saturation);
  const double shift = how.hue > 0 ? static_cast<double>(draw_between(-how.hue, how.hue, rng)) : 0;
  for (const int property : order) {
    if (property == 0 && how.brightness > 0) image = adjust_brightness(image, brightness);
    if (property == 1 && how.contrast > 0) image = adjust_contrast(image, contrast);
    if (property == 2 && how.saturation > 0) image = adjust_saturation(image, saturation);
    if (property == 3 && how.hue > 0) image = adjust_hue(image, shift);
  }
  return image;
}

}  // namespace detail

CLIP_HOST Result<void> try_check(const Augmentation& how) {
  const char* const place = "augmentation";
  if (auto good = try_check(how.crop); !good) return good.error();
  if (!(how.flip >= 0 && how.flip <= 1)) return OptionError{place, "flip", "0 to 1", how.flip};
  for (const double range : {how.jitter.brightness, how.jitter.contrast, how.jitter.saturation})
    if (!(range >= 0) || !std::isfinite(range)) return OptionError{place, "range of a factor", "0 or more", range};
  if (!(how.jitter.hue >= 0 && how.jitter.hue <= 0.5)) return OptionError{place, "hue", "0 to 0.5", how.jitter.hue};
  return {};
}

CLIP_HOST Image augmented(const Image& image, const Augmentation& how, Index size, Rng rng, Interpolation interpolation,
                          Resampling resampling) {
  try_check(how).value();
  if (image.empty()) raise(InputError{"augmentation", "pixels of the image", "1 or more", 0});
  const CropBox box = draw_crop(image.width(), image.height(), how.crop, rng);
  Image result = resized_crop(image, box, size, interpolation, resampling);
  if (how.flip > 0 && rng.uniform() < how.flip) result = flip_horizontally(result);
  return detail::jittered(std::move(result), how.jitter, rng);
}

CLIP_HOST void detail::augment(const ImageInput& input, const Augmentation& how, std::span<const Image> images, Rng rng,
                               Images& out, ThreadPool* threads) {
  // Before a thread meets them.
  try_check(how).value();
  for (const Image& image : images)
    if (image.empty()) raise(InputError{"augmentation", "pixels of the image", "1 or more", 0});
  std::vector<Image> changed(images.size());
  const auto change = [&](Index i) {
    const auto at = static_cast<std::size_t>(i);
    changed[at] = augmented(images[at], how, input.image_size, rng.fork(static_cast<std::uint64_t>(i)),
                            input.preprocessing.interpolation, input.preprocessing.resampling);
  };
  const auto count = static_cast<Index>(images.size());
  if (threads != nullptr) threads->parallel(count, change);
  else
    for (Index i = 0; i < count; ++i) change(i);
  ImageInput as_is = input;  // of the right size already
  as_is.preprocessing.resize_to = 0;
  try_preprocess(as_is, changed, out, threads).value();
}

}  // namespace clip::inline CLIP_ABI

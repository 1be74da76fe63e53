// clip/image/augment/augment.hpp: augmentation of training images, and model input made of it.
#pragma once

#include <clip/config/preprocessing.hpp>
#include <clip/core/result.hpp>
#include <clip/core/rng.hpp>
#include <clip/image/augment/crop.hpp>
#include <clip/image/image.hpp>
#include <clip/image/preprocess.hpp>

#include <cstdint>
#include <span>

namespace clip::inline CLIP_ABI {

class ThreadPool;

/// Of torchvision's ColorJitter: factors are uniform in 1 ± the number (not below 0), the shift of the hue in ± hue; 0
/// leaves that property alone.
struct ColorJitter {
  double brightness = 0, contrast = 0, saturation = 0;
  double hue = 0;  // at most ½

  friend bool operator==(const ColorJitter&, const ColorJitter&) = default;
};

/// Random resized crop, then a mirror image, then colour jitter, each by torchvision's rules. The defaults are those of
/// CoOp (Zhou et al. 2022); CLIP was trained with crop.scale {0.9, 1} and flip 0.
struct Augmentation {
  CropOptions crop{};
  double flip = 0.5;  // probability
  ColorJitter jitter{};

  friend bool operator==(const Augmentation&, const Augmentation&) = default;
};

/// OptionError: numbers that are out of range.
[[nodiscard]] CLIP_HOST Result<void> try_check(const Augmentation& how);

/// One augmented image, size x size in RGB: the bytes that torchvision makes of a Pillow image from the same draws.
/// InputError: an image without pixels. OptionError: as try_check.
CLIP_HOST Image augmented(const Image& image, const Augmentation& how, Index size, Rng rng,
                          Interpolation interpolation = Interpolation::bicubic,
                          Resampling resampling = Resampling::pillow13);

namespace detail {
CLIP_HOST void augment(const ImageInput& input, const Augmentation& how, std::span<const Image> images, Rng rng,
                       Images& out, ThreadPool* threads);
}

/// Model input of augmented images: (n, 3, image_size, image_size), normalised as by preprocess(). Image i is drawn from
/// rng.fork(i), so that it depends on neither the other images nor the threads. Errors as augmented().
///
///   Images batch;
///   augment(model.config().image, {.jitter = {.brightness = 0.4}}, images, rng.fork(step), batch, threads);
template <PreprocessConfig Config>
void augment(const Config& config, const Augmentation& how, std::span<const Image> images, Rng rng, Images& out,
             ThreadPool& threads) {
  detail::augment(detail::image_input(config), how, images, rng, out, &threads);
}
template <PreprocessConfig Config>
void augment(const Config& config, const Augmentation& how, std::span<const Image> images, Rng rng, Images& out) {
  detail::augment(detail::image_input(config), how, images, rng, out, nullptr);
}

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/image/augment/augment.inl.hpp>
#endif

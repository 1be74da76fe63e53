// clip/image/augment/color.hpp: changes of brightness, contrast, saturation and hue, bit-identical to Pillow.
#pragma once

#include <clip/core/result.hpp>
#include <clip/image/image.hpp>

namespace clip::inline CLIP_ABI {

/// Each function returns an RGB image of the same size; other pixel formats are converted by to_rgb. The bytes are those
/// of torchvision's functions of the same name for Pillow images. factor: 1 leaves the image as it is.
/// OptionError: a factor that is negative or not finite.

/// Blend with black: Pillow's ImageEnhance.Brightness.
CLIP_HOST Image adjust_brightness(const Image& image, float factor);
/// Blend with the mean luma of the image, rounded: ImageEnhance.Contrast.
CLIP_HOST Image adjust_contrast(const Image& image, float factor);
/// Blend with the luma of each pixel: ImageEnhance.Color.
CLIP_HOST Image adjust_saturation(const Image& image, float factor);
/// Turns the hue by shift · 255 of Pillow's 256 levels, rounded towards zero. Also a shift of 0 rounds colours, as they
/// pass through eight-bit HSV.
/// OptionError: a shift outside of -½ … ½.
CLIP_HOST Image adjust_hue(const Image& image, double shift);

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/image/augment/color.inl.hpp>
#endif

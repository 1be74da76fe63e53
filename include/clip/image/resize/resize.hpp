// clip/image/resize/resize.hpp: image resize, bit-identical to Pillow.
#pragma once

#include <clip/config/preprocessing.hpp>
#include <clip/core/result.hpp>
#include <clip/image/image.hpp>
#include <clip/image/resize/sides.hpp>

namespace clip::inline CLIP_ABI {

/// The image resized to width x height, in the same pixel format. Bit-identical to Pillow's Image.resize: antialiased,
/// 8 bits between the two passes, colours weighted by alpha, palettes by nearest neighbour with any interpolation. Or
/// to torchvision's resize of a uint8 tensor: antialiased, 8 bits between the passes, every channel by itself.
/// InputError: an image without pixels, or a side above 2^24, or 16-bit pixels for torchvision. OptionError: a width or
/// height of 0 or above 2^24.
[[nodiscard]] CLIP_HOST Result<Image> try_resize(const Image& image, Index width, Index height,
                                                 Interpolation interpolation = Interpolation::bicubic,
                                                 Resampling resampling = Resampling::pillow13);
[[nodiscard]] CLIP_HOST Image resize(const Image& image, Index width, Index height,
                                     Interpolation interpolation = Interpolation::bicubic,
                                     Resampling resampling = Resampling::pillow13);

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/image/resize/resize.inl.hpp>
#endif

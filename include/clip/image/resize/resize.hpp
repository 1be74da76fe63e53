// clip/image/resize/resize.hpp: image resize, bit-identical to Pillow.
#pragma once

#include <clip/config/preprocessing.hpp>
#include <clip/core/result.hpp>
#include <clip/image/image.hpp>
#include <clip/image/resize/sides.hpp>

namespace clip::inline CLIP_ABI {

/// The image resized to width x height, in the same pixel format. Bit-identical to Pillow's Image.resize: antialiased,
/// 8 bits between the horizontal and the vertical pass, colours weighted by alpha, palettes by nearest neighbour with
/// any interpolation.
/// InputError: an image without pixels, or a side above 2^24. OptionError: such a width or height.
[[nodiscard]] CLIP_HOST Result<Image> try_resize(const Image& image, Index width, Index height,
                                                 Interpolation interpolation = Interpolation::bicubic);
[[nodiscard]] CLIP_HOST Image resize(const Image& image, Index width, Index height,
                                     Interpolation interpolation = Interpolation::bicubic);

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/image/resize/resize.inl.hpp>
#endif

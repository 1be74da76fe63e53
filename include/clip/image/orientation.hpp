// clip/image/orientation.hpp: rotates and mirrors images by EXIF orientation.
#pragma once

#include <clip/image/image.hpp>

namespace clip::inline CLIP_ABI {

/// The image upright, for its EXIF orientation (EXIF 2.3, tag 0x0112): 1 upright, 2 mirrored, 3 rotated by 180 degrees,
/// 4 mirrored vertically, 5 transposed, 6 needs a clockwise rotation by 90 degrees, 7 transposed about the other
/// diagonal, 8 needs a counterclockwise rotation by 90 degrees. Other numbers: returns a copy.
[[nodiscard]] CLIP_HOST Image oriented(const Image& image, int orientation);

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/image/orientation.inl.hpp>
#endif

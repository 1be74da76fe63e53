// clip/image/decode/exif.hpp: reads the EXIF orientation of an image file.
#pragma once

#include <clip/core/abi.hpp>

#include <cstddef>
#include <span>

namespace clip::inline CLIP_ABI {

/// The EXIF orientation of a JPEG, PNG or WebP file: 1 … 8; 1 if it is absent or invalid. Ignores XMP. See oriented().
[[nodiscard]] CLIP_HOST int exif_orientation(std::span<const std::byte> file);

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/image/decode/exif.inl.hpp>
#endif

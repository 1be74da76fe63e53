// clip/image/orientation.hpp: rotates and mirrors images by EXIF orientation.
#pragma once

#include <clip/image/image.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// The image upright, for its EXIF orientation (EXIF 2.3, tag 0x0112): 1 upright, 2 mirrored, 3 rotated by 180 degrees,
/// 4 mirrored vertically, 5 transposed, 6 needs a clockwise rotation by 90 degrees, 7 transposed about the other
/// diagonal, 8 needs a counterclockwise rotation by 90 degrees. Other numbers: returns a copy.
[[nodiscard]] inline Image oriented(const Image& image, int orientation) {
  if (orientation < 2 || orientation > 8) return image;
  const bool transposed = orientation >= 5;
  const bool from_right = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool from_bottom = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  const Index width = transposed ? image.height() : image.width(), height = transposed ? image.width() : image.height(),
              bytes = image.channels();
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(width * height * bytes));
  std::uint8_t* out = pixels.data();
  for (Index y = 0; y < height; ++y)
    for (Index x = 0; x < width; ++x, out += bytes) {
      const Index column = transposed ? y : x, row = transposed ? x : y;
      const Index from_x = from_right ? image.width() - 1 - column : column,
                  from_y = from_bottom ? image.height() - 1 - row : row;
      std::memcpy(out, image.row(from_y) + from_x * bytes, static_cast<std::size_t>(bytes));
    }
  Image result{width, height, image.pixels(), std::move(pixels)};
  return image.palette() ? std::move(result).as_palette() : std::move(result);
}

}  // namespace clip::inline CLIP_ABI

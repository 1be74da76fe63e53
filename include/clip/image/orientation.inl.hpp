// clip/image/orientation.inl.hpp: definitions of clip/image/orientation.hpp.
#pragma once

#include <clip/image/orientation.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

CLIP_HOST Image oriented(const Image& image, int orientation) {
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
  if (const std::uint8_t* const alphas = image.transparency()) {
    const Image turned =
        oriented(Image::view(alphas, image.width(), image.height(), image.width(), Pixels::gray), orientation);
    result = std::move(result).with_transparency({turned.row(0), turned.row(0) + width * height});
  }
  return image.palette() ? std::move(result).as_palette() : std::move(result);
}

}  // namespace clip::inline CLIP_ABI

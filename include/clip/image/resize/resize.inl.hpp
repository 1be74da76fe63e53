// clip/image/resize/resize.inl.hpp: definitions of clip/image/resize/resize.hpp.
#pragma once

#include <clip/image/resize/resize.hpp>
#include <clip/image/resize/resizer.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

CLIP_HOST Result<Image> try_resize(const Image& image, Index width, Index height, Interpolation interpolation,
                                   Resampling resampling) {
  if (auto good = detail::check_sides<InputError>("resize", "size of the image", image.width(), image.height()); !good)
    return good.error();
  if (auto good = detail::check_sides<OptionError>("resize", "size", width, height); !good) return good.error();
  if (resampling == Resampling::torchvision && image.pixels() == Pixels::gray16)
    return InputError{"resize", "pixels", "8 bits per channel for torchvision", "16 bits"};
  detail::Resizer resizer;
  const Image resized =
      resizer(image, width, height, {0, 0, width, height}, detail::ResizeManner::of(image, interpolation, resampling));
  const auto row_bytes = static_cast<std::size_t>(width * image.channels());
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(height) * row_bytes);
  for (Index y = 0; y < height; ++y)
    std::memcpy(bytes.data() + static_cast<std::size_t>(y) * row_bytes, resized.row(y), row_bytes);
  Image result{width, height, image.pixels(), std::move(bytes)};
  return image.palette() ? std::move(result).as_palette() : std::move(result);
}
CLIP_HOST Image resize(const Image& image, Index width, Index height, Interpolation interpolation,
                       Resampling resampling) {
  return try_resize(image, width, height, interpolation, resampling).value();
}

}  // namespace clip::inline CLIP_ABI

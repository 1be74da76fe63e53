// clip/image/model_input.hpp: what a model sees of an image, as pixels again.
#pragma once

#include <clip/config/preprocessing.hpp>
#include <clip/image/image.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Image i of a model's input as RGB pixels: normalisation undone, values outside of 0 … 255 clamped. It has the size of
/// the input, and what the crop cut away is missing. InputError: no such image, or channels other than 3.
inline Image to_pixels(const Images& images, Index i, const Preprocessing& p) {
  if (i < 0 || i >= images.size())
    raise(InputError{"to_pixels", "image", "0 to " + std::to_string(images.size() - 1), i});
  if (images.channels() != 3) raise(InputError{"to_pixels", "channels", 3, images.channels()});
  const auto values = images.image(i);
  const auto area = static_cast<std::size_t>(images.height() * images.width());
  std::vector<std::uint8_t> bytes(3 * area);
  for (std::size_t c = 0; c < 3; ++c)
    for (std::size_t k = 0; k < area; ++k) {
      const double x = static_cast<double>(values[c * area + k]) * p.deviation[c] + p.mean[c];
      bytes[3 * k + c] = static_cast<std::uint8_t>(std::lround(std::clamp(x / p.rescale_factor, 0.0, 255.0)));
    }
  return Image{images.width(), images.height(), Pixels::rgb, std::move(bytes)};
}

}  // namespace clip::inline CLIP_ABI

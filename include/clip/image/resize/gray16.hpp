// clip/image/resize/gray16.hpp: resize of 16-bit grey images, in double precision as Pillow does it.
#pragma once

#include <clip/image/image.hpp>
#include <clip/image/resize/weights.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI::detail {

/// Rounds half away from zero, then clamps. `by_bytes`: each byte separately, as Pillow does up to version 12.2: values
/// below 0 become 0, values above 65535 keep their lower byte.
inline std::uint16_t stored_gray16(double sum, bool by_bytes) {
  const auto rounded = static_cast<int>(sum >= 0 ? sum + 0.5 : sum - 0.5);
  if (!by_bytes) return static_cast<std::uint16_t>(std::clamp(rounded, 0, 65535));
  return static_cast<std::uint16_t>(std::clamp(rounded >> 8, 0, 255) << 8 | std::clamp(rounded % 256, 0, 255));
}

/// out[i] = sum_j weights(i)[j] in[(begin(i) + j - first) step], for all outputs of the weights.
inline void resize_line16(const std::uint16_t* in, Index step, Index first, const ResizeWeights& weights, bool by_bytes,
                          std::uint16_t* out, Index out_step) {
  for (Index i = 0; i < weights.count(); ++i) {
    double sum = 0;
    for (Index j = 0; j < weights.taps(i); ++j)
      sum += rounded_product(in[(weights.begin(i) + j - first) * step], weights.exact(i)[j]);
    out[i * out_step] = stored_gray16(sum, by_bytes);
  }
}

/// Resizes the outputs of both weights, row-major. An axis without weights is copied from `left` or `top` on.
/// `down_first`: the vertical pass before the horizontal one.
inline std::vector<std::uint16_t> resize_gray16(const Image& image, const ResizeWeights* across,
                                                const ResizeWeights* down, Index left, Index top, Index width,
                                                Index height, bool down_first, bool by_bytes) {
  if (across) left = across->first_input();
  if (down) top = down->first_input();
  Index columns = across ? across->end_input() - left : width, rows = down ? down->end_input() - top : height;
  std::vector<std::uint16_t> pixels(static_cast<std::size_t>(rows * columns));
  for (Index y = 0; y < rows; ++y)
    std::memcpy(pixels.data() + y * columns, image.row(top + y) + 2 * left, static_cast<std::size_t>(2 * columns));

  const auto resize_rows = [&] {
    std::vector<std::uint16_t> out(static_cast<std::size_t>(rows * width));
    for (Index y = 0; y < rows; ++y)
      resize_line16(pixels.data() + y * columns, 1, left, *across, by_bytes, out.data() + y * width, 1);
    pixels = std::move(out);
    columns = width;
  };
  const auto resize_columns = [&] {
    std::vector<std::uint16_t> out(static_cast<std::size_t>(height * columns));
    for (Index x = 0; x < columns; ++x)
      resize_line16(pixels.data() + x, columns, top, *down, by_bytes, out.data() + x, columns);
    pixels = std::move(out);
    rows = height;
  };
  if (down && down_first) resize_columns();
  if (across) resize_rows();
  if (down && !down_first) resize_columns();
  return pixels;
}

}  // namespace clip::inline CLIP_ABI::detail

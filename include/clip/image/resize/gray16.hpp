// clip/image/resize/gray16.hpp: resize of 16-bit grey images, in double precision as the reference does it.
#pragma once

#include <clip/image/image.hpp>
#include <clip/image/resize/weights.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace clip::inline CLIP_ABI::detail {

/// Rounds half away from zero, then clamps each byte separately, as the reference does: values below 0 become 0, values
/// above 65535 keep their lower byte.
inline std::uint16_t stored_gray16(double sum) {
  const auto rounded = static_cast<int>(sum >= 0 ? sum + 0.5 : sum - 0.5);
  return static_cast<std::uint16_t>(std::clamp(rounded >> 8, 0, 255) << 8 | std::clamp(rounded % 256, 0, 255));
}

/// out[i] = sum_j weights(i)[j] in[(begin(i) + j - first) step], for all outputs of the weights.
inline void resize_line16(const std::uint16_t* in, Index step, Index first, const ResizeWeights& weights,
                          std::uint16_t* out, Index out_step) {
  for (Index i = 0; i < weights.count(); ++i) {
    double sum = 0;
    for (Index j = 0; j < weights.taps(i); ++j)
      sum += rounded_product(in[(weights.begin(i) + j - first) * step], weights.exact(i)[j]);
    out[i * out_step] = stored_gray16(sum);
  }
}

/// Resizes the outputs of both weights, row-major. An axis without weights is copied from `left` or `top` on.
inline std::vector<std::uint16_t> resize_gray16(const Image& image, const ResizeWeights* across,
                                                const ResizeWeights* down, Index left, Index top, Index width,
                                                Index height) {
  const Index first_row = down ? down->first_input() : top, rows = down ? down->end_input() - first_row : height;
  std::vector<std::uint16_t> line(static_cast<std::size_t>(image.width())),
      horizontal(static_cast<std::size_t>(rows * width));
  for (Index y = 0; y < rows; ++y) {
    std::memcpy(line.data(), image.row(first_row + y), line.size() * 2);
    std::uint16_t* const out = horizontal.data() + y * width;
    if (across) resize_line16(line.data(), 1, 0, *across, out, 1);
    else std::copy_n(line.data() + left, width, out);
  }
  if (!down) return horizontal;
  std::vector<std::uint16_t> result(static_cast<std::size_t>(width * height));
  for (Index x = 0; x < width; ++x)
    resize_line16(horizontal.data() + x, width, first_row, *down, result.data() + x, width);
  return result;
}

}  // namespace clip::inline CLIP_ABI::detail

// clip/image/resize_passes.hpp: the two passes of a resize, 8 bits in, 8 bits out.
//
// Both are one inner loop: `lanes` neighbouring bytes times one weight, summed over the taps. Down a column neighbours are the
// bytes of a row. Along a row there are none of the same weight, so some rows are first laid side by side, pixel by pixel.
#pragma once

#include <clip/image/alpha.hpp>
#include <clip/image/image.hpp>
#include <clip/image/resize_weights.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace clip::inline CLIP_ABI::detail {

/// Bytes summed at once. The count is fixed so that plain -O2 turns the loops into vectors and keeps the sums in registers.
inline constexpr Index lanes = 64;
static_assert(lanes == alpha_block);

/// Rows of bytes in memory that is used again; behind each there is room for a started block of lanes.
class ByteRows {
 public:
  void reshape(Index rows, Index bytes) {
    stride_ = (bytes + lanes) / lanes * lanes;  // at least one byte more
    if (const auto needed = static_cast<std::size_t>(rows * stride_); bytes_.size() < needed) bytes_.resize(needed);
  }
  std::uint8_t* row(Index y) { return bytes_.data() + y * stride_; }
  const std::uint8_t* row(Index y) const { return bytes_.data() + y * stride_; }
  Index stride() const { return stride_; }

 private:
  std::vector<std::uint8_t> bytes_;
  Index stride_ = 0;
};

/// out[l] = sum_j weights[j] in[j stride + l], rounded and clamped to 0 … 255.
inline void weighted_sum(const std::uint8_t* in, Index stride, const std::int32_t* weights, Index taps, std::uint8_t* out) {
  std::int32_t sum[lanes];
  for (std::int32_t& s : sum) s = 1 << (weight_bits - 1);
  for (Index j = 0; j < taps; ++j, in += stride) {
    const std::int32_t weight = weights[j];
    for (Index l = 0; l < lanes; ++l) sum[l] += weight * in[l];
  }
  for (Index l = 0; l < lanes; ++l) {
    const std::int32_t value = sum[l] >> weight_bits, positive = value < 0 ? 0 : value;
    out[l] = static_cast<std::uint8_t>(positive > 255 ? 255 : positive);
  }
}

/// Pixels first … end - 1 of a row to every `stride` bytes from `out` on: three channels as four bytes, the fourth without meaning.
template <Index Channels>
void spread(const std::uint8_t* row, Index first, Index end, Index width, std::uint8_t* out, Index stride) {
  constexpr Index bytes = Channels == 1 ? 1 : 4;
  const bool short_of_one = Channels == 3 && end == width;  // behind the last pixel there is no byte to read
  const std::uint8_t* in = row + first * Channels;
  for (Index i = first; i < end - (short_of_one ? 1 : 0); ++i, in += Channels, out += stride) std::memcpy(out, in, bytes);
  if (short_of_one) std::memcpy(out, in, 3);
}

/// Columns [left, left + columns) of rows [top, top + rows), unchanged or multiplied by their alpha.
inline void copy_rows(const Image& image, Index left, Index columns, Index top, Index rows, bool by_alpha, ByteRows& out) {
  const Index channels = image.channels(), bytes = columns * channels;
  out.reshape(rows, bytes);
  for (Index y = 0; y < rows; ++y) {
    std::memcpy(out.row(y), image.row(top + y) + left * channels, static_cast<std::size_t>(bytes));
    for (Index x = 0; by_alpha && x < bytes; x += alpha_block) multiply_by_alpha(out.row(y) + x);
  }
}

/// Rows [top, top + rows) of the image, each resized along x.
template <Index Channels>
void resize_along_rows(const Image& image, const ResizeWeights& weights, Index top, Index rows, bool by_alpha, ByteRows& side_by_side, ByteRows& out) {
  constexpr Index step = Channels == 1 ? 1 : 4, together = lanes / step;  // rows in one block
  constexpr Index tile = 64;                                              // columns laid side by side at a time: what stays in the first cache
  const Index left = weights.first_input(), columns = weights.end_input() - left;
  side_by_side.reshape(columns, lanes - 1);
  out.reshape(rows, weights.count() * Channels);
  for (Index y = 0; y < rows; y += together) {
    const Index valid = std::min(together, rows - y);
    for (Index x = 0; x < columns; x += tile) {
      const Index end = std::min(x + tile, columns);
      for (Index r = 0; r < valid; ++r)
        spread<Channels>(image.row(top + y + r), left + x, left + end, image.width(), side_by_side.row(x) + r * step, side_by_side.stride());
      for (Index i = x; by_alpha && i < end; ++i) multiply_by_alpha(side_by_side.row(i));
    }
    std::array<std::uint8_t, lanes> block;
    for (Index x = 0; x < weights.count(); ++x) {
      weighted_sum(side_by_side.row(weights.begin(x) - left), side_by_side.stride(), weights.weights(x), weights.taps(x), block.data());
      // Of three channels the fourth byte is the next pixel's, or behind the row.
      for (Index r = 0; r < valid; ++r) std::memcpy(out.row(y + r) + x * Channels, block.data() + r * step, Channels == 1 ? 1 : 4);
    }
  }
}

/// Rows of `bytes` bytes resized along y. Row 0 of `in` is input number `top` of the weights.
inline void resize_along_columns(const ByteRows& in, Index top, Index bytes, const ResizeWeights& weights, ByteRows& out) {
  out.reshape(weights.count(), bytes);
  for (Index y = 0; y < weights.count(); ++y)
    for (Index x = 0; x < bytes; x += lanes) weighted_sum(in.row(weights.begin(y) - top) + x, in.stride(), weights.weights(y), weights.taps(y), out.row(y) + x);
}

}  // namespace clip::inline CLIP_ABI::detail

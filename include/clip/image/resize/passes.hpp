// clip/image/resize/passes.hpp: the two passes of a resize, 8 bits in, 8 bits out.
//
// Both are one inner loop: `lanes` neighbouring bytes times one weight, summed over the taps. Down a column neighbours are the
// bytes of a row. Along a row there are none of the same weight, so some rows are first laid side by side, pixel by pixel.
#pragma once

#include <clip/image/alpha.hpp>
#include <clip/image/image.hpp>
#include <clip/image/resize/weighted_sum.hpp>
#include <clip/image/resize/weights.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#ifdef __SSSE3__
#include <tmmintrin.h>
#elif defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace clip::inline CLIP_ABI::detail {

static_assert(lanes == alpha_block);

/// Rows of bytes in memory that is used again; behind each there is room for a started block of lanes.
class ByteRows {
 public:
  void reshape(Index rows, Index bytes) {
    stride_ = (bytes + lanes) / lanes * lanes;  // at least one byte more
    if (const auto needed = static_cast<std::size_t>(rows * stride_); bytes_.size() < needed) bytes_.resize(needed);
  }
  /// Rows [first, first + count) to the beginning.
  void move_up(Index first, Index count) {
    std::memmove(row(0), row(first), static_cast<std::size_t>(count * stride_));
  }
  std::uint8_t* row(Index y) { return bytes_.data() + y * stride_; }
  const std::uint8_t* row(Index y) const { return bytes_.data() + y * stride_; }
  Index stride() const { return stride_; }

 private:
  std::vector<std::uint8_t> bytes_;
  Index stride_ = 0;
};

/// Pixels [x, end) of a row to every `stride` bytes from `out` on: three channels as four bytes, the fourth without meaning. `last`:
/// behind the last of them there is no byte to read.
template <Index Channels>
void spread(const std::uint8_t* in, Index pixels, bool last, std::uint8_t* out, Index stride) {
  constexpr std::size_t bytes = Channels == 1 ? 1 : 4;
  const bool short_of_one = Channels == 3 && last && pixels > 0;
  for (Index i = short_of_one ? 1 : 0; i < pixels; ++i, in += Channels, out += stride) std::memcpy(out, in, bytes);
  if (short_of_one) std::memcpy(out, in, 3);
}

#ifdef __SSE2__
/// The first four pixels of 16 bytes, four bytes each.
template <Index Channels>
__m128i four_pixels(const std::uint8_t* in) {
  const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(in));
  if constexpr (Channels == 4) return v;
#ifdef __SSSE3__
  else return _mm_shuffle_epi8(v, _mm_setr_epi8(0, 1, 2, 2, 3, 4, 5, 5, 6, 7, 8, 8, 9, 10, 11, 11));
#else
  else
    return _mm_unpacklo_epi64(_mm_unpacklo_epi32(v, _mm_srli_si128(v, 3)),
                              _mm_unpacklo_epi32(_mm_srli_si128(v, 6), _mm_srli_si128(v, 9)));
#endif
}
#endif

/// Columns [x, end) of rows [top, top + rows) to the rows of `out`: pixel by pixel, those of one column side by side.
template <Index Channels>
void lay_side_by_side(const Image& image, Index left, Index x, Index end, Index top, Index rows, ByteRows& out) {
  constexpr Index step = Channels == 1 ? 1 : 4;
  const auto pixel = [&](Index r, Index i) { return image.row(top + r) + (left + i) * Channels; };
  const bool last = left + end == image.width();
  Index r = 0;
#ifdef __SSE2__
  if constexpr (Channels != 1) {                               // squares of four by four
    constexpr Index touched = (16 + Channels - 1) / Channels;  // pixels that 16 bytes touch
    const Index squares_end = std::min(end - 3, image.width() - left - touched + 1);
    for (; r + 4 <= rows; r += 4) {
      Index i = x;
      for (; i < squares_end; i += 4) {
        const __m128i r0 = four_pixels<Channels>(pixel(r, i)), r1 = four_pixels<Channels>(pixel(r + 1, i));
        const __m128i r2 = four_pixels<Channels>(pixel(r + 2, i)), r3 = four_pixels<Channels>(pixel(r + 3, i));
        const __m128i low01 = _mm_unpacklo_epi32(r0, r1), low23 = _mm_unpacklo_epi32(r2, r3);
        const __m128i high01 = _mm_unpackhi_epi32(r0, r1), high23 = _mm_unpackhi_epi32(r2, r3);
        const auto put = [&](Index k, __m128i column) {
          _mm_storeu_si128(reinterpret_cast<__m128i*>(out.row(i + k) + r * step), column);
        };
        put(0, _mm_unpacklo_epi64(low01, low23)), put(1, _mm_unpackhi_epi64(low01, low23));
        put(2, _mm_unpacklo_epi64(high01, high23)), put(3, _mm_unpackhi_epi64(high01, high23));
      }
      for (Index k = r; k < r + 4; ++k)
        spread<Channels>(pixel(k, i), end - i, last, out.row(i) + k * step, out.stride());
    }
  }
#endif
  for (; r < rows; ++r) spread<Channels>(pixel(r, x), end - x, last, out.row(x) + r * step, out.stride());
}

/// Columns [left, left + columns) of rows [top, top + rows) to the rows of `out` from `at` on, unchanged or multiplied by their alpha.
inline void copy_rows(const Image& image, Index left, Index columns, Index top, Index rows, bool by_alpha,
                      ByteRows& out, Index at) {
  const Index channels = image.channels(), bytes = columns * channels;
  for (Index y = 0; y < rows; ++y) {
    std::uint8_t* const to = out.row(at + y);
    std::memcpy(to, image.row(top + y) + left * channels, static_cast<std::size_t>(bytes));
    for (Index x = 0; by_alpha && x < bytes; x += alpha_block) multiply_by_alpha(to + x);
  }
}

/// Rows of an image that are resized together.
template <Index Channels>
inline constexpr Index rows_together = lanes / (Channels == 1 ? 1 : 4);

/// Rows [top, top + rows) of the image, each resized along x, to the rows of `out` from `at` on.
template <Index Channels>
void resize_along_rows(const Image& image, const ResizeWeights& weights, Index top, Index rows, bool by_alpha,
                       ByteRows& side_by_side, ByteRows& out, Index at) {
  constexpr Index step = Channels == 1 ? 1 : 4, together = rows_together<Channels>;
  constexpr Index tile = 64;  // columns laid side by side at a time: what stays in the first cache
  const Index left = weights.first_input(), columns = weights.end_input() - left;
  side_by_side.reshape(columns, lanes - 1);
  for (Index y = 0; y < rows; y += together) {
    const Index valid = std::min(together, rows - y);
    for (Index x = 0; x < columns; x += tile) {
      const Index end = std::min(x + tile, columns);
      lay_side_by_side<Channels>(image, left, x, end, top + y, valid, side_by_side);
      for (Index i = x; by_alpha && i < end; ++i) multiply_by_alpha(side_by_side.row(i));
    }
    std::array<std::uint8_t, lanes> block;
    for (Index x = 0; x < weights.count(); ++x) {
      weighted_sum(side_by_side.row(weights.begin(x) - left), side_by_side.stride(), weights.digits(x), weights.taps(x),
                   block.data());
      // Of three channels the fourth byte is the next pixel's, or behind the row.
      for (Index r = 0; r < valid; ++r)
        std::memcpy(out.row(at + y + r) + x * Channels, block.data() + r * step, Channels == 1 ? 1 : 4);
    }
  }
}

/// Row y of the outputs, `bytes` bytes. The rows that meet in it begin at `in`, `stride` bytes apart.
inline void resize_along_column(const std::uint8_t* in, Index stride, Index bytes, const ResizeWeights& weights,
                                Index y, std::uint8_t* out) {
  for (Index x = 0; x < bytes; x += lanes) weighted_sum(in + x, stride, weights.digits(y), weights.taps(y), out + x);
}

}  // namespace clip::inline CLIP_ABI::detail

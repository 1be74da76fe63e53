// clip/image/resize/passes.hpp: horizontal and vertical pass of a resize, from 8 bits to 8 bits.
//
// Both use one inner loop: `lanes` adjacent bytes times one weight, summed over the taps. In the vertical pass the
// adjacent bytes are those of a row. In the horizontal pass adjacent bytes have different weights, so a block of rows
// is transposed pixel by pixel first.
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

/// Rows of bytes in reused memory, each padded so that a whole block of lanes may be read at its last byte.
class ByteRows {
 public:
  void reshape(Index rows, Index bytes) {
    stride_ = (bytes + lanes) / lanes * lanes;  // at least one byte of padding
    if (const auto needed = static_cast<std::size_t>(rows * stride_); bytes_.size() < needed) bytes_.resize(needed);
  }
  /// Moves the rows [first, first + count) to the beginning.
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

/// Writes pixels [x, end) of a row to every `stride`-th byte of `out`: three channels as four bytes, the fourth
/// undefined. `last`: no byte may be read after the last pixel.
template <Index Channels>
void spread(const std::uint8_t* in, Index pixels, bool last, std::uint8_t* out, Index stride) {
  constexpr std::size_t bytes = Channels == 1 ? 1 : 4;
  const bool partial = Channels == 3 && last && pixels > 0;
  for (Index i = partial ? 1 : 0; i < pixels; ++i, in += Channels, out += stride) std::memcpy(out, in, bytes);
  if (partial) std::memcpy(out, in, 3);
}

#ifdef __SSE2__
/// The first four pixels of 16 bytes, each as four bytes.
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

/// Transposes columns [x, end) of rows [top, top + rows): row i of `out` has the pixels of column i, one per image row.
template <Index Channels>
void transpose_pixels(const Image& image, Index left, Index x, Index end, Index top, Index rows, ByteRows& out) {
  constexpr Index step = Channels == 1 ? 1 : 4;
  const auto pixel = [&](Index r, Index i) { return image.row(top + r) + (left + i) * Channels; };
  const bool last = left + end == image.width();
  Index r = 0;
#ifdef __SSE2__
  if constexpr (Channels != 1) {                               // blocks of 4 × 4 pixels
    constexpr Index touched = (16 + Channels - 1) / Channels;  // pixels that a 16-byte load touches
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
        put(0, _mm_unpacklo_epi64(low01, low23));
        put(1, _mm_unpackhi_epi64(low01, low23));
        put(2, _mm_unpacklo_epi64(high01, high23));
        put(3, _mm_unpackhi_epi64(high01, high23));
      }
      for (Index k = r; k < r + 4; ++k)
        spread<Channels>(pixel(k, i), end - i, last, out.row(i) + k * step, out.stride());
    }
  }
#endif
  for (; r < rows; ++r) spread<Channels>(pixel(r, x), end - x, last, out.row(x) + r * step, out.stride());
}

/// Copies columns [left, left + columns) of rows [top, top + rows) to the rows of `out` from `at` on; `by_alpha`:
/// multiplied by alpha.
inline void copy_rows(const Image& image, Index left, Index columns, Index top, Index rows, bool by_alpha,
                      ByteRows& out, Index at) {
  const Index channels = image.channels(), bytes = columns * channels;
  for (Index y = 0; y < rows; ++y) {
    std::uint8_t* const to = out.row(at + y);
    std::memcpy(to, image.row(top + y) + left * channels, static_cast<std::size_t>(bytes));
    for (Index x = 0; by_alpha && x < bytes; x += alpha_block) multiply_by_alpha(to + x);
  }
}

/// Number of image rows that the horizontal pass processes together.
template <Index Channels>
inline constexpr Index rows_together = lanes / (Channels == 1 ? 1 : 4);

/// Resizes rows [top, top + rows) of the image horizontally, into the rows of `out` from `at` on. Column `left` of the
/// image is the first input of the weights.
template <Index Channels>
void resize_along_rows(const Image& image, const ResizeWeights& weights, Index left, Index top, Index rows,
                       bool by_alpha, ByteRows& transposed, ByteRows& out, Index at) {
  constexpr Index step = Channels == 1 ? 1 : 4, together = rows_together<Channels>;
  constexpr Index tile = 64;  // columns transposed at a time: fits the L1 cache
  const Index first = weights.first_input(), columns = weights.end_input() - first;
  transposed.reshape(columns, lanes - 1);
  for (Index y = 0; y < rows; y += together) {
    const Index valid = std::min(together, rows - y);
    for (Index x = 0; x < columns; x += tile) {
      const Index end = std::min(x + tile, columns);
      transpose_pixels<Channels>(image, left, x, end, top + y, valid, transposed);
      for (Index i = x; by_alpha && i < end; ++i) multiply_by_alpha(transposed.row(i));
    }
    std::array<std::uint8_t, lanes> block;
    for (Index x = 0; x < weights.count(); ++x) {
      weighted_sum(transposed.row(weights.begin(x) - first), transposed.stride(), weights.digits(x), weights.taps(x),
                   block.data());
      // For three channels the fourth byte belongs to the next pixel, or to the padding of the row.
      for (Index r = 0; r < valid; ++r)
        std::memcpy(out.row(at + y + r) + x * Channels, block.data() + r * step, Channels == 1 ? 1 : 4);
    }
  }
}

/// Computes output row y of the vertical pass, `bytes` bytes. Its input rows begin at `in`, `stride` bytes apart.
inline void resize_along_column(const std::uint8_t* in, Index stride, Index bytes, const ResizeWeights& weights,
                                Index y, std::uint8_t* out) {
  for (Index x = 0; x < bytes; x += lanes) weighted_sum(in + x, stride, weights.digits(y), weights.taps(y), out + x);
}

}  // namespace clip::inline CLIP_ABI::detail

// clip/image/decode/bmp.hpp: BMP decoder, with the reference's pixels.
#pragma once

#include <clip/image/decode/bmp_header.hpp>
#include <clip/image/decode/bmp_runs.hpp>
#include <clip/image/decode/decoder.hpp>
#include <clip/image/decode/signatures.hpp>
#include <clip/image/image.hpp>
#include <clip/io/bytes.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {

/// The pixel format of the decoded image.
inline Pixels bmp_format(const BmpHeader& header) {
  switch (header.pixels) {
    case BmpPixels::bits:
    case BmpPixels::levels: return Pixels::gray;
    case BmpPixels::colors: return header.order[3] < 0 ? Pixels::rgb : Pixels::rgba;
    default: return Pixels::rgb;
  }
}

/// Pixel x of a row of 1, 4 or 8 bits per pixel; the first pixel is in the highest bits.
inline unsigned bmp_index(const std::byte* row, Index x, Index bits) {
  const auto byte = std::to_integer<unsigned>(row[x * bits / 8]);
  return byte >> (8 - bits - x * bits % 8) & ((1U << bits) - 1);
}

/// Red, green and blue of a 16-bit pixel; `green` is the number of bits of green, 5 or 6.
inline void bmp_color_16(unsigned pixel, unsigned green, std::uint8_t* out) {
  const unsigned most_green = (1U << green) - 1;
  out[0] = static_cast<std::uint8_t>((pixel >> (5 + green) & 31) * 255 / 31);
  out[1] = static_cast<std::uint8_t>((pixel >> 5 & most_green) * 255 / most_green);
  out[2] = static_cast<std::uint8_t>((pixel & 31) * 255 / 31);
}

/// Unpacks the pixels of a row of the file.
inline void bmp_row(const BmpHeader& header, const std::byte* in, std::uint8_t* out) {
  const Index width = header.width;
  switch (header.pixels) {
    case BmpPixels::bits:
      for (Index x = 0; x < width; ++x) out[x] = bmp_index(in, x, header.bits) != 0 ? 255 : 0;
      break;
    case BmpPixels::levels: std::memcpy(out, in, static_cast<std::size_t>(width)); break;
    case BmpPixels::indices:
      for (Index x = 0; x < width; ++x)
        std::copy_n(header.palette[bmp_index(in, x, header.bits)].begin(), 3, out + 3 * x);
      break;
    case BmpPixels::rgb555:
    case BmpPixels::rgb565:
      for (Index x = 0; x < width; ++x)
        bmp_color_16(load_little<std::uint16_t>(in + 2 * x), header.pixels == BmpPixels::rgb555 ? 5 : 6, out + 3 * x);
      break;
    case BmpPixels::colors: {
      const Index step = header.bits / 8, channels = header.order[3] < 0 ? 3 : 4;
      for (Index x = 0; x < width; ++x)
        for (Index c = 0; c < channels; ++c)
          out[channels * x + c] =
              std::to_integer<std::uint8_t>(in[step * x + header.order[static_cast<std::size_t>(c)]]);
      break;
    }
  }
}

inline Result<Image> decode_bmp_rows(const BmpHeader& header, std::span<const std::byte> data,
                                     const std::string& place) {
  if (auto good = check_header(place, header.width, header.height, index(data.size()) * 8 / header.bits); !good)
    return good.error();
  if (header.row_bytes() > header.stride)
    return InputError{place, "BMP: bits per pixel with a palette of grey levels", header.bits, header.stated_bits};
  if (index(data.size()) < (header.height - 1) * header.stride + header.row_bytes())
    return InputError{place, "truncated image"};

  const Pixels format = bmp_format(header);
  const Index row_bytes = header.width * channels(format);
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(header.height * row_bytes));
  for (Index y = 0; y < header.height; ++y) {
    const Index to = header.top_down ? y : header.height - 1 - y;
    bmp_row(header, data.data() + y * header.stride, pixels.data() + to * row_bytes);
  }
  Image image{header.width, header.height, format, std::move(pixels)};
  const bool palette = header.pixels == BmpPixels::indices || header.pixels == BmpPixels::bits;
  return palette ? std::move(image).as_palette() : std::move(image);
}

/// The decoded run lengths are rows of one byte per pixel.
inline Result<Image> decode_bmp_runs(BmpHeader header, std::span<const std::byte> file, const std::string& place) {
  const std::size_t start = std::min(header.start, file.size());
  const Index longest_run = 255, capacity = index(file.size() - start) / 2 * longest_run;
  if (auto good = check_header(place, header.width, header.height, capacity + always_plausible); !good)
    return good.error();
  const auto width = static_cast<std::size_t>(header.width), count = width * static_cast<std::size_t>(header.height);
  const std::vector<std::uint8_t> numbers =
      BmpRunDecoder{file, start, width, count, header.runs == BmpRuns::of_halves}.decode();
  if (numbers.size() < count) return InputError{place, "truncated image"};
  header.bits = 8;
  header.stride = header.width;
  return decode_bmp_rows(header, std::as_bytes(std::span{numbers}), place);
}

}  // namespace detail

/// The reference's pixels: 1, 4 and 8 bits per pixel with a palette, also with run lengths; 16 bits of 5-5-5 and 5-6-5;
/// 24 and 32 bits, with alpha if the masks name it. Files with a file header and without one (DIB).
struct BmpDecoder {
  static std::string formats() { return "BMP"; }
  static bool reads(std::span<const std::byte> file) { return detail::is_bmp(file); }
  static Result<Image> decode(std::span<const std::byte> file, const std::string& place) {
    const auto header = detail::BmpHeaderReader{file, place}.read();
    if (!header) return header.error();
    if (header->runs != detail::BmpRuns::none) return detail::decode_bmp_runs(*header, file, place);
    return detail::decode_bmp_rows(*header, file.subspan(std::min(header->start, file.size())), place);
  }
};

}  // namespace clip::inline CLIP_ABI

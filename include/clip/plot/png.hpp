// clip/plot/png.hpp: uncompressed PNG encoder, for small images inside a drawing.
#pragma once

#include <clip/image/image.hpp>
#include <clip/io/bytes.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {

/// Length, name, data, CRC of name and data (PNG specification 1.2, section 3.2).
inline void add_png_chunk(std::vector<std::byte>& file, std::string_view name, std::span<const std::byte> data) {
  const std::size_t begin = file.size();
  file.resize(begin + 12 + data.size());
  store_big(file.data() + begin, static_cast<std::uint32_t>(data.size()));
  std::copy_n(as_byte_span(name).begin(), 4, file.begin() + static_cast<std::ptrdiff_t>(begin + 4));
  std::copy(data.begin(), data.end(), file.begin() + static_cast<std::ptrdiff_t>(begin + 8));
  store_big(file.data() + begin + 8 + data.size(),
            crc32(std::span<const std::byte>(file).subspan(begin + 4, 4 + data.size())));
}

/// The checksum at the end of a zlib stream (RFC 1950).
inline std::uint32_t adler32(std::span<const std::byte> bytes) {
  std::uint32_t low = 1, high = 0;
  for (const std::byte b : bytes) {
    low = (low + std::to_integer<std::uint32_t>(b)) % 65521;
    high = (high + low) % 65521;
  }
  return high << 16 | low;
}

/// A zlib stream of stored blocks: at most 65535 bytes each, after a header of five bytes (RFC 1951, section 3.2.4).
inline std::vector<std::byte> zlib_stored(std::span<const std::byte> bytes) {
  constexpr std::size_t most = 65535;
  std::vector<std::byte> stream{std::byte{0x78}, std::byte{0x01}};
  stream.reserve(bytes.size() + bytes.size() / most * 5 + 11);
  std::span<const std::byte> left = bytes;
  do {
    const std::size_t n = std::min(most, left.size());
    std::array<std::byte, 5> header{std::byte{n == left.size()}};  // bit 0: the last block
    store_little(header.data() + 1, static_cast<std::uint16_t>(n));
    store_little(header.data() + 3, static_cast<std::uint16_t>(~n));
    stream.insert(stream.end(), header.begin(), header.end());
    stream.insert(stream.end(), left.begin(), left.begin() + static_cast<std::ptrdiff_t>(n));
    left = left.subspan(n);
  } while (!left.empty());
  stream.resize(stream.size() + 4);
  store_big(stream.data() + stream.size() - 4, adler32(bytes));
  return stream;
}

}  // namespace detail

/// The bytes of a PNG file: 8-bit grey, RGB or RGBA as the image (BGR and BGRA are reordered). The file is about as
/// large as the pixels. InputError: no pixels, or 2^31 bytes of pixels or more.
[[nodiscard]] inline std::vector<std::byte> encode_png(const Image& image) {
  const Index channels = image.channels(), row_bytes = image.width() * channels;
  if (image.empty()) raise(InputError{"png", "an image without pixels"});
  if (image.height() > (Index{1} << 31) / (row_bytes + 1) - 1)
    raise(InputError{"png", "bytes of pixels", "below 2^31", row_bytes * image.height()});

  std::vector<std::byte> rows;  // each after a zero byte: no filter
  rows.reserve(static_cast<std::size_t>(image.height() * (row_bytes + 1)));
  const bool blue_first = image.pixels() == Pixels::bgr || image.pixels() == Pixels::bgra;
  for (Index y = 0; y < image.height(); ++y) {
    rows.push_back(std::byte{0});
    const std::uint8_t* row = image.row(y);
    for (Index x = 0; x < row_bytes; ++x) {
      const Index c = x % channels;
      rows.push_back(std::byte{row[blue_first && c < 3 ? x - c + (2 - c) : x]});
    }
  }

  std::array<std::byte, 13> header{};  // width, height, bits, colour type, 0, 0, 0
  store_big(header.data(), static_cast<std::uint32_t>(image.width()));
  store_big(header.data() + 4, static_cast<std::uint32_t>(image.height()));
  header[8] = std::byte{8};
  header[9] = std::byte{static_cast<unsigned char>(channels == 1 ? 0 : channels == 3 ? 2 : 6)};

  const std::string_view signature{"\x89PNG\r\n\x1a\n", 8};
  std::vector<std::byte> file(as_byte_span(signature).begin(), as_byte_span(signature).end());
  detail::add_png_chunk(file, "IHDR", header);
  detail::add_png_chunk(file, "IDAT", detail::zlib_stored(rows));
  detail::add_png_chunk(file, "IEND", {});
  return file;
}

}  // namespace clip::inline CLIP_ABI

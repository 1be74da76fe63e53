// clip/plot/png.hpp: PNG encoder that compresses areas of one colour, for drawings and small images inside them.
#pragma once

#include <clip/image/image.hpp>
#include <clip/io/bytes.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
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

/// A stream of deflate: bits from the lowest of each byte on (RFC 1951, section 3.1.1).
class DeflateBits {
 public:
  void put(std::uint32_t bits, unsigned count) {
    held_ |= std::uint64_t{bits} << count_;
    for (count_ += count; count_ >= 8; count_ -= 8, held_ >>= 8) bytes_.push_back(std::byte(held_ & 0xFF));
  }
  /// The code of a literal or of a length in the fixed tables (section 3.2.6): its highest bit comes first.
  void put_symbol(unsigned symbol) {
    if (symbol < 144) put_code(0x30 + symbol, 8);
    else if (symbol < 256) put_code(0x190 + symbol - 144, 9);
    else if (symbol < 280) put_code(symbol - 256, 7);
    else put_code(0xC0 + symbol - 280, 8);
  }
  std::vector<std::byte> take() && {
    if (count_ > 0) put(0, 8 - count_);
    return std::move(bytes_);
  }

 private:
  void put_code(unsigned code, unsigned count) {
    unsigned reversed = 0;
    for (unsigned i = 0; i < count; ++i) reversed |= ((code >> i) & 1U) << (count - 1 - i);
    put(reversed, count);
  }

  std::vector<std::byte> bytes_;
  std::uint64_t held_ = 0;
  unsigned count_ = 0;
};

/// A zlib stream of one block with the fixed tables, in which runs of a byte are repetitions of the byte before.
inline std::vector<std::byte> zlib_runs(std::span<const std::byte> bytes) {
  constexpr std::array<unsigned, 29> least{3,  4,  5,  6,  7,  8,  9,  10, 11,  13,  15,  17,  19,  23, 27,
                                           31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
  DeflateBits bits;
  bits.put(0x0178, 16);
  bits.put(0b011, 3);  // the last block, fixed tables
  for (std::size_t i = 0; i < bytes.size();) {
    const std::size_t most = i == 0 ? 0 : std::min<std::size_t>(258, bytes.size() - i);
    std::size_t run = 0;
    while (run < most && bytes[i + run] == bytes[i - 1]) ++run;
    if (run < 3) {
      bits.put_symbol(std::to_integer<unsigned>(bytes[i++]));
      continue;
    }
    const auto code = static_cast<unsigned>(std::ranges::upper_bound(least, run) - least.begin() - 1);
    bits.put_symbol(257 + code);
    const unsigned extra = code < 8 || code == 28 ? 0 : (code - 4) / 4;
    bits.put(static_cast<unsigned>(run) - least[code], extra);
    bits.put(0, 5);  // a distance of 1
    i += run;
  }
  bits.put_symbol(256);  // the end
  std::vector<std::byte> stream = std::move(bits).take();
  stream.resize(stream.size() + 4);
  store_big(stream.data() + stream.size() - 4, adler32(bytes));
  return stream;
}

/// Rows of pixels after filter 1, which leaves of each byte its difference from that of the pixel before (PNG
/// specification 1.2, section 6.3); `rows` has a byte for the filter before each row.
inline std::vector<std::byte> filtered_rows(std::vector<std::byte> rows, std::size_t row_bytes, std::size_t channels) {
  for (std::size_t at = 0; at < rows.size(); at += row_bytes + 1) {
    rows[at] = std::byte{1};
    for (std::size_t x = row_bytes; x > channels; --x)
      rows[at + x] =
          std::byte(std::to_integer<unsigned>(rows[at + x]) - std::to_integer<unsigned>(rows[at + x - channels]));
  }
  return rows;
}

}  // namespace detail

/// The bytes of a PNG file: 8-bit grey, RGB or RGBA as the image (BGR and BGRA are reordered). The file is at most
/// about as large as the pixels, and far smaller where many neighbours are equal. InputError: no pixels, or 2^31 bytes of pixels or more.
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

  std::vector<std::byte> content = detail::zlib_stored(rows);
  if (auto smaller = detail::zlib_runs(detail::filtered_rows(std::move(rows), static_cast<std::size_t>(row_bytes),
                                                             static_cast<std::size_t>(channels)));
      smaller.size() < content.size() / 2)
    content = std::move(smaller);

  const std::string_view signature{"\x89PNG\r\n\x1a\n", 8};
  std::vector<std::byte> file(as_byte_span(signature).begin(), as_byte_span(signature).end());
  detail::add_png_chunk(file, "IHDR", header);
  detail::add_png_chunk(file, "IDAT", content);
  detail::add_png_chunk(file, "IEND", {});
  return file;
}

}  // namespace clip::inline CLIP_ABI

// clip/image/decode/bmp_header.hpp: the header and the palette of a BMP file, with or without its file header (DIB).
#pragma once

#include <clip/image/decode/decoder.hpp>
#include <clip/image/decode/signatures.hpp>
#include <clip/io/bytes.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace clip::inline CLIP_ABI::detail {

/// What the bits of a pixel are. bits: black (0) and white. levels: grey, one byte per pixel. colors:
/// whole bytes, in an order of their own.
enum class BmpPixels { bits, levels, indices, rgb555, rgb565, colors };

enum class BmpRuns { none, of_bytes, of_halves };  // uncompressed, RLE8, RLE4

struct BmpHeader {
  Index width = 0, height = 0;
  bool top_down = false;
  BmpPixels pixels = BmpPixels::colors;
  BmpRuns runs = BmpRuns::none;
  /// Bits per pixel: as unpacked, and as stated by the header. Bytes from one row to the next.
  Index bits = 0, stated_bits = 0, stride = 0;
  /// The position of the first pixel in the file.
  std::size_t start = 0;
  /// Of `colors`: the positions of red, green, blue and alpha in a pixel. -1: no alpha.
  std::array<int, 4> order{2, 1, 0, -1};
  /// Of `indices`: red, green and blue of each index. Colours that the file lacks are black.
  std::vector<std::array<std::uint8_t, 3>> palette;

  Index row_bytes() const { return (width * bits + 7) / 8; }
};

using BmpMasks = std::array<std::uint32_t, 4>;  // of red, green, blue and alpha

/// The masks of 32-bit pixels that the reference supports.
inline constexpr std::array<BmpMasks, 7> bmp_masks_32{{{0xFF0000, 0xFF00, 0xFF, 0},
                                                       {0xFF000000, 0xFF0000, 0xFF00, 0},
                                                       {0xFF000000, 0xFF00, 0xFF, 0},
                                                       {0xFF000000, 0xFF0000, 0xFF00, 0xFF},
                                                       {0xFF, 0xFF00, 0xFF0000, 0xFF000000},
                                                       {0xFF0000, 0xFF00, 0xFF, 0xFF000000},
                                                       {0xFF000000, 0xFF00, 0xFF, 0xFF0000}}};

/// A file header, or the bytes of one of the headers that follow it.
inline constexpr std::array<std::size_t, 7> bmp_header_sizes{12, 40, 52, 56, 64, 108, 124};
inline bool is_bmp_header_size(std::size_t size) {
  return std::find(bmp_header_sizes.begin(), bmp_header_sizes.end(), size) != bmp_header_sizes.end();
}
inline bool is_bmp(std::span<const std::byte> file) {
  return starts_with(file, "BM") || (file.size() >= 4 && is_bmp_header_size(load_little<std::uint32_t>(file.data())));
}

/// Reads a header field by field, in the order and by the rules of the reference.
class BmpHeaderReader {
 public:
  BmpHeaderReader(std::span<const std::byte> file, const std::string& place)
      : file_{file}, place_{place}, base_{starts_with(file, "BM") ? std::size_t{14} : 0} {}

  Result<BmpHeader> read() {
    if (file_.size() < base_ + 4) return truncated();
    size_ = u32(base_);
    if (!is_bmp_header_size(size_))
      return InputError{place_, "BMP: bytes of the header", "12, 40, 52, 56, 64, 108 or 124", size_};
    if (file_.size() - base_ < size_) return truncated();
    at_ = base_ + size_;
    read_size();
    for (const auto step :
         {&BmpHeaderReader::read_layout, &BmpHeaderReader::read_compression, &BmpHeaderReader::read_palette})
      if (auto good = (this->*step)(); !good) return good.error();
    return header_;
  }

 private:
  std::uint32_t u32(std::size_t at) const { return load_little<std::uint32_t>(&file_[at]); }
  std::uint16_t u16(std::size_t at) const { return load_little<std::uint16_t>(&file_[at]); }
  Error truncated() const { return InputError{place_, "truncated image"}; }
  bool oldest() const { return size_ == 12; }
  std::size_t bytes_per_color() const { return oldest() ? 3 : 4; }

  /// A height of -1 … -2^24 means that the top row is the first.
  void read_size() {
    if (oldest()) {
      header_.width = u16(base_ + 4);
      header_.height = u16(base_ + 6);
    } else {
      header_.width = Index{u32(base_ + 4)};
      header_.top_down = file_[base_ + 11] == std::byte{0xFF};
      const Index height = Index{u32(base_ + 8)};
      header_.height = header_.top_down ? (Index{1} << 32) - height : height;
    }
  }

  Result<void> read_layout() {
    const unsigned bits = u16(base_ + (oldest() ? 10 : 14));
    switch (bits) {
      case 1:
      case 4:
      case 8: header_.pixels = BmpPixels::indices; break;
      case 16: header_.pixels = BmpPixels::rgb555; break;
      case 24:
      case 32: header_.pixels = BmpPixels::colors; break;
      default: return InputError{place_, "BMP: bits per pixel", "1, 4, 8, 16, 24 or 32", bits};
    }
    header_.bits = header_.stated_bits = bits;
    header_.stride = (std::min(header_.width, most_pixels) * bits + 31) / 8 / 4 * 4;
    return {};
  }

  Result<void> read_compression() {
    const std::uint32_t compression = oldest() ? 0 : u32(base_ + 16);
    switch (compression) {
      case 0: return {};
      case 1:
      case 2:
        if (header_.pixels != BmpPixels::indices)
          return InputError{place_, "BMP: bits per pixel with run lengths", "1, 4 or 8", header_.bits};
        header_.runs = compression == 1 ? BmpRuns::of_bytes : BmpRuns::of_halves;
        return {};
      case 3: return read_masks();
      default: return InputError{place_, "BMP: compression", "0, 1, 2 or 3", compression};
    }
  }

  /// The masks follow a header of 40 bytes and are part of longer ones. Alpha has one only in headers of 56 bytes on.
  Result<void> read_masks() {
    if (size_ == 40) {
      if (file_.size() - at_ < 12) return truncated();
      at_ += 12;
    }
    BmpMasks masks{};
    const std::size_t named = size_ >= 56 ? 4 : 3;
    for (std::size_t i = 0; i < named; ++i) masks[i] = u32(base_ + 40 + 4 * i);
    const auto colors_are = [&](const BmpMasks& known) {
      return std::equal(known.begin(), known.begin() + 3, masks.begin());
    };
    if (header_.bits == 16 && colors_are({0x7C00, 0x3E0, 0x1F, 0})) return {};
    if (header_.bits == 24 && colors_are({0xFF0000, 0xFF00, 0xFF, 0})) return {};
    if (header_.bits == 16 && colors_are({0xF800, 0x7E0, 0x1F, 0})) {
      header_.pixels = BmpPixels::rgb565;
      return {};
    }
    if (header_.bits == 32 && masks == BmpMasks{}) {
      header_.order = {2, 1, 0, 3};
      return {};
    }
    if (header_.bits == 32 && std::find(bmp_masks_32.begin(), bmp_masks_32.end(), masks) != bmp_masks_32.end()) {
      for (std::size_t i = 0; i < 4; ++i) header_.order[i] = masks[i] == 0 ? -1 : std::countr_zero(masks[i]) / 8;
      return {};
    }
    return InputError{place_, "BMP: masks of " + std::to_string(header_.bits) + "-bit pixels", "5-5-5, 5-6-5 or bytes",
                      "others"};
  }

  /// A palette of the grey levels in order makes the image grey, black and white make it 1-bit. As in the reference,
  /// pixels are then unpacked as levels of 8 bits or as 1 bit, whatever the header says about their bits.
  Result<void> read_palette() {
    header_.start = base_ == 0 ? 0 : u32(10);
    if (header_.pixels == BmpPixels::indices) {
      const std::size_t named = oldest() ? 0 : u32(base_ + 32),
                        colors = named != 0 ? named : std::size_t{1} << header_.bits, each = bytes_per_color(),
                        there = std::min(each * colors, file_.size() - at_);
      if (colors > 65536) return InputError{place_, "BMP: colours of the palette", "at most 65536", colors};
      if (header_.start == base_ + size_) header_.start += each * colors;
      const std::span<const std::byte> palette = file_.subspan(at_, there);
      at_ += there;
      if (is_gray(palette, colors)) {
        header_.pixels = colors <= 2 ? BmpPixels::bits : BmpPixels::levels;
        header_.bits = colors <= 2 ? 1 : 8;
      } else {
        if (there / each > 256) return InputError{place_, "BMP: colours of the palette", "at most 256", there / each};
        header_.palette.resize(256);
        for (std::size_t i = 0; i < there / each; ++i)
          for (std::size_t c = 0; c < 3; ++c)
            header_.palette[i][c] = std::to_integer<std::uint8_t>(palette[each * i + 2 - c]);
      }
    }
    if (header_.start == 0) header_.start = at_;
    return {};
  }

  bool is_gray(std::span<const std::byte> palette, std::size_t colors) const {
    const std::size_t each = bytes_per_color();
    if (palette.size() < each * (colors - 1) + 3) return false;
    for (std::size_t i = 0; i < colors; ++i)
      for (std::size_t c = 0; c < 3; ++c)
        if (std::to_integer<std::size_t>(palette[each * i + c]) != (colors == 2 ? 255 * i : i % 256)) return false;
    return true;
  }

  std::span<const std::byte> file_;
  const std::string& place_;
  std::size_t base_, size_ = 0, at_ = 0;  // of the header, of its bytes, of what follows the fields read so far
  BmpHeader header_;
};

}  // namespace clip::inline CLIP_ABI::detail

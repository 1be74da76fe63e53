// clip/image/decode/file_mode.hpp: what a picture file says of its pixels that decoded bytes no longer show.
#pragma once

#include <clip/image/decode/decoder.hpp>
#include <clip/io/bytes.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace clip::inline CLIP_ABI::detail {

struct FileMode {
  /// Colours of a palette, or single bits: the reference resizes them by nearest neighbour.
  bool palette = false;
  /// Channels to ask of the decoder; 0: as they come. Set where it would add an alpha that the reference does not see: one
  /// transparent colour of a PNG, transparency of a palette, the unused fourth byte of a BMP.
  int channels = 0;
  /// The largest sample a PNM file announces; the decoder knows no other than 255.
  Index largest_sample = 255;
  /// A PNM header with a number beyond 2^24: more than any picture has, and more than the decoder's int may hold.
  bool absurd_number = false;
  /// One number of 16 bits per pixel.
  bool gray16 = false;
  /// Rows run from right to left.
  bool mirrored = false;
  /// Bits of a pixel as it lies in the file, and the pixels that one byte can stand for where they are packed.
  Index bits = 8, packed = 1;

  /// Pixels that so many bytes can hold at the very most.
  Index hold(std::size_t bytes) const { return index(bytes) * 8 * packed / std::max(bits, Index{1}); }
};

/// At its best, deflate makes a thousand and a few bytes out of one; a JPEG spends at least a bit on each 8 x 8 block (and at its
/// coarsest sampling, eight blocks on 32 x 32 pixels).
inline constexpr Index deflated = 1040, pixels_of_jpeg_byte = 1024;

/// PNG specification 1.2, section 4.1.1: depth and colour type (0 grey, 2 RGB, 3 palette, 4 grey with alpha, 6 RGB with alpha).
inline FileMode png_mode(std::span<const std::byte> file) {
  if (file.size() < 26) return {};
  const auto depth = std::to_integer<int>(file[24]), type = std::to_integer<int>(file[25]);
  return {.palette = type == 3 || (type == 0 && depth == 1),
          .channels = type == 0                ? 1
                      : type == 2 || type == 3 ? 3
                                               : 0,
          .gray16 = type == 0 && depth == 16,
          .bits = depth * (type == 2   ? 3
                           : type == 4 ? 2
                           : type == 6 ? 4
                                       : 1),
          .packed = deflated};
}

/// Up to 8 bits per pixel are numbers of a palette. The palette 0, 1, 2 … in grey is none; black and white are single bits.
inline FileMode bmp_mode(std::span<const std::byte> file) {
  if (file.size() < 54) return {};
  const bool oldest = load_little<std::uint32_t>(&file[14]) == 12;
  const unsigned bits = load_little<std::uint16_t>(&file[oldest ? 24 : 28]),
                 compression = oldest ? 0 : load_little<std::uint32_t>(&file[30]);
  if (bits > 8) return {.channels = bits == 32 && compression == 0 ? 3 : 0, .bits = bits};
  const std::size_t named = oldest ? 0 : load_little<std::uint32_t>(&file[46]),
                    colors = named != 0 ? named : std::size_t{1} << bits;
  const std::size_t first = 14 + std::size_t{load_little<std::uint32_t>(&file[14])}, each = oldest ? 3 : 4;
  bool gray = colors <= 256 && first <= file.size() && colors * each <= file.size() - first;
  for (std::size_t i = 0; gray && i < colors; ++i)
    for (std::size_t c = 0; c < 3; ++c)
      gray = gray && std::to_integer<std::size_t>(file[first + i * each + c]) == (colors == 2 ? 255 * i : i);
  return {.palette = !gray || colors == 2, .channels = gray ? 1 : 3, .bits = bits};
}

/// Width, height and the largest sample follow the signature, between white space and comments.
inline FileMode pnm_mode(std::span<const std::byte> file) {
  std::size_t i = 2;
  const auto at = [&] { return i < file.size() ? std::to_integer<char>(file[i]) : '\0'; };
  const auto space = [&] { return at() == ' ' || (at() >= '\t' && at() <= '\r'); };
  std::array<Index, 3> numbers{};
  for (Index& number : numbers) {
    while (space() || at() == '#') {
      if (at() == '#')
        while (i < file.size() && at() != '\n' && at() != '\r') ++i;
      else ++i;
    }
    for (; at() >= '0' && at() <= '9'; ++i) number = std::min(number * 10 + (at() - '0'), Index{1} << 32);
  }
  const Index largest = i < file.size() ? numbers[2] : 255;  // a header cut short is the decoder's to refuse
  const bool absurd = *std::max_element(numbers.begin(), numbers.end()) > Index{1} << 24;
  return {.largest_sample = largest, .absurd_number = absurd, .bits = starts_with(file, "P6") ? 24 : 8};
}

/// TGA files do not say that they are: a header is taken for one where every field fits the others, and the decoder reads it as the
/// reference does. Left out: 16 bits of colour per pixel (the reference turns the spare bit's opposite into alpha), single bits, maps
/// that do not begin at colour 0.
inline bool is_tga(std::span<const std::byte> file) {
  if (file.size() < 18) return false;
  const auto u8 = [&](std::size_t i) { return std::to_integer<unsigned>(file[i]); };
  const unsigned type = u8(2) & ~8U, map = u8(1), map_bits = u8(7), bits = u8(16);
  if (map > 1 || u8(2) > 11 || (u8(17) & 0xC0U) != 0 || load_little<std::uint16_t>(&file[12]) == 0 ||
      load_little<std::uint16_t>(&file[14]) == 0)
    return false;
  if (type == 1)
    return map == 1 && bits == 8 && u8(3) == 0 && u8(4) == 0 && load_little<std::uint16_t>(&file[5]) > 0 &&
           (map_bits == 16 || map_bits == 24 || map_bits == 32);
  return map == 0 && ((type == 2 && (bits == 24 || bits == 32)) || (type == 3 && (bits == 8 || bits == 16)));
}

inline FileMode tga_mode(std::span<const std::byte> file) {
  const unsigned type = std::to_integer<unsigned>(file[2]);
  const bool palette = (type & 7U) == 1;
  return {.palette = palette,
          .channels = palette ? 3 : 0,
          .mirrored = (std::to_integer<unsigned>(file[17]) & 0x10U) != 0,
          .bits = std::to_integer<Index>(file[16]),
          .packed = type > 8 ? 128 : 1};
}

inline FileMode file_mode(std::span<const std::byte> file) {
  if (is_png(file)) return png_mode(file);
  if (is_jpeg(file)) return {.packed = pixels_of_jpeg_byte};
  if (starts_with(file, "BM")) return bmp_mode(file);
  if (starts_with(file, "P5") || starts_with(file, "P6")) return pnm_mode(file);
  if (is_tga(file)) return tga_mode(file);
  return {};
}

}  // namespace clip::inline CLIP_ABI::detail

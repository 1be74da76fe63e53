// clip/image/decode/file_mode.hpp: properties of an image file that decoded pixels do not show: palette, depth, maximum
// size.
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
  /// Palette or 1-bit pixels: the reference resizes them by nearest neighbour.
  bool palette = false;
  /// Number of channels to request from the decoder; 0: the file's. Set for files where the decoder would add an alpha
  /// channel that the reference ignores: a PNG with one transparent colour or a transparent palette.
  int channels = 0;
  /// The largest sample value in a PNM header; the decoder supports only 255.
  Index largest_sample = 255;
  /// A PNM header with a number above 2^24: larger than any image, and possibly than the decoder's int.
  bool absurd_number = false;
  /// One 16-bit grey value per pixel.
  bool gray16 = false;
  /// Rows are stored right to left.
  bool mirrored = false;
  /// Bits per pixel in the file, and the maximum expansion of the compression: decoded bytes per byte of the file.
  Index bits = 8, expansion = 1;

  /// The maximum number of pixels that so many bytes can encode.
  Index capacity(std::size_t bytes) const { return index(bytes) * 8 * expansion / std::max(bits, Index{1}); }
};

/// Maximum expansion. deflate produces at most a little more than a thousand bytes from one. A JPEG uses at least one
/// bit per 8 x 8 block (and at its coarsest sampling, eight blocks per 32 x 32 pixels).
inline constexpr Index deflate_expansion = 1040, jpeg_expansion = 1024;

/// PNG specification 1.2, section 4.1.1: depth and colour type (0 grey, 2 RGB, 3 palette, 4 grey with alpha, 6 RGB with
/// alpha).
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
          .expansion = deflate_expansion};
}

/// Width, height and largest sample follow the signature, separated by white space and comments.
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
  const Index largest = i < file.size() ? numbers[2] : 255;  // the decoder refuses a truncated header
  const bool absurd = *std::max_element(numbers.begin(), numbers.end()) > Index{1} << 24;
  return {.largest_sample = largest, .absurd_number = absurd, .bits = starts_with(file, "P6") ? 24 : 8};
}

/// TGA files have no signature: a header is accepted as TGA if all its fields are consistent and the decoder reads the
/// file as the reference does. Not accepted: 16-bit colour (the reference inverts the spare bit and uses it as alpha),
/// 1-bit pixels, palettes whose first index is not 0.
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
          .expansion = type > 8 ? 128 : 1};
}

inline FileMode file_mode(std::span<const std::byte> file) {
  if (is_png(file)) return png_mode(file);
  if (is_jpeg(file)) return {.expansion = jpeg_expansion};
  if (starts_with(file, "P5") || starts_with(file, "P6")) return pnm_mode(file);
  if (is_tga(file)) return tga_mode(file);
  return {};
}

}  // namespace clip::inline CLIP_ABI::detail

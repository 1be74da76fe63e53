// clip/image/decode/file_mode.hpp: properties of an image file that decoded pixels do not show: palette, depth, maximum
// size.
#pragma once

#include <clip/core/size.hpp>
#include <clip/image/decode/decoder.hpp>
#include <clip/image/decode/signatures.hpp>
#include <clip/io/bytes.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace clip::inline CLIP_ABI::detail {

struct FileMode {
  /// Palette or 1-bit pixels: the reference resizes them by nearest neighbour.
  bool palette = false;
  /// Number of channels to request from the decoder; 0: the file's. Set for files where the decoder would add an alpha
  /// channel that is apart from the pixels: a PNG with one transparent colour or a transparent palette.
  int channels = 0;
  /// Whether the file has that channel, the decoder can give it, and the reference computes the same one: not with
  /// 16 bits, and not with fewer than 8 bits of grey, where the reference compares other numbers.
  bool transparency = false;
  /// One 16-bit grey value per pixel.
  bool gray16 = false;
  /// Bits per pixel in the file, and the maximum expansion of the compression: decoded bytes per byte of the file.
  Index bits = 8, expansion = 1;

  /// The maximum number of pixels that so many bytes can encode.
  Index capacity(std::size_t bytes) const { return index(bytes) * 8 * expansion / std::max(bits, Index{1}); }
};

/// Maximum expansion. deflate produces at most a little more than a thousand bytes from one. A JPEG uses at least one
/// bit per 8 x 8 block (and at its coarsest sampling, eight blocks per 32 x 32 pixels).
inline constexpr Index deflate_expansion = 1040, jpeg_expansion = 1024;

/// Whether a PNG has a chunk of this name before its pixels.
inline bool has_png_chunk(std::span<const std::byte> file, std::string_view name) {
  for (std::size_t at = 8; at + 12 <= file.size() && !starts_with(file, "IDAT", at + 4);) {
    if (starts_with(file, name, at + 4)) return true;
    const std::size_t length = load_big<std::uint32_t>(&file[at]);
    if (length > file.size() - at - 12) return false;
    at += 12 + length;
  }
  return false;
}

/// PNG specification 1.2, section 4.1.1: depth and colour type (0 grey, 2 RGB, 3 palette, 4 grey with alpha, 6 RGB with
/// alpha).
inline FileMode png_mode(std::span<const std::byte> file) {
  if (file.size() < 26) return {};
  const auto depth = std::to_integer<int>(file[24]), type = std::to_integer<int>(file[25]);
  return {.palette = type == 3 || (type == 0 && depth == 1),
          .channels = type == 0                ? 1
                      : type == 2 || type == 3 ? 3
                                               : 0,
          .transparency = (type == 3 || (depth == 8 && (type == 0 || type == 2))) && has_png_chunk(file, "tRNS"),
          .gray16 = type == 0 && depth == 16,
          .bits = depth * (type == 2   ? 3
                           : type == 4 ? 2
                           : type == 6 ? 4
                                       : 1),
          .expansion = deflate_expansion};
}

inline FileMode file_mode(std::span<const std::byte> file) {
  if (is_png(file)) return png_mode(file);
  if (is_jpeg(file)) return {.expansion = jpeg_expansion};
  return {};
}

}  // namespace clip::inline CLIP_ABI::detail

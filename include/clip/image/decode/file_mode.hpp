// clip/image/decode/file_mode.hpp: properties of an image file that decoded pixels do not show: palette, depth, maximum
// size.
#pragma once

#include <clip/core/size.hpp>
#include <clip/image/convert.hpp>
#include <clip/image/decode/decoder.hpp>
#include <clip/image/decode/signatures.hpp>
#include <clip/io/bytes.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

namespace clip::inline CLIP_ABI::detail {

struct FileMode {
  /// Palette or 1-bit pixels: the reference resizes them by nearest neighbour.
  bool palette = false;
  /// Number of channels to request from the decoder; 0: the file's. Set for files where the decoder would add an alpha
  /// channel that is apart from the pixels: a PNG with one transparent colour or a transparent palette.
  int channels = 0;
  /// Whether the palette has alphas.
  bool transparent_palette = false;
  /// The transparent colour of a PNG, as the reference compares it: its lowest 8 bits, whatever the depth, with the
  /// decoded pixels in RGB.
  std::optional<std::array<std::uint8_t, 3>> transparent_color{};
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

/// The data of a PNG's chunk of this name before its pixels; empty: there is none.
inline std::span<const std::byte> png_chunk_data(std::span<const std::byte> file, std::string_view name) {
  for (std::size_t at = 8; at + 12 <= file.size() && !starts_with(file, "IDAT", at + 4);) {
    const std::size_t length = load_big<std::uint32_t>(&file[at]);
    if (length > file.size() - at - 12) return {};
    if (starts_with(file, name, at + 4)) return file.subspan(at + 8, length);
    at += 12 + length;
  }
  return {};
}

/// PNG specification 1.2, section 4.2.1.1: one 16-bit number for each channel.
inline std::optional<std::array<std::uint8_t, 3>> transparent_png_color(std::span<const std::byte> file, int depth,
                                                                        int type) {
  const auto numbers = png_chunk_data(file, "tRNS");
  const std::size_t channels = type == 2 ? 3 : 1;
  if ((type != 0 && type != 2) || numbers.size() < 2 * channels) return std::nullopt;
  std::array<std::uint8_t, 3> color{};
  for (std::size_t c = 0; c < 3; ++c) {
    const auto number = load_big<std::uint16_t>(&numbers[c % channels * 2]);
    color[c] = static_cast<std::uint8_t>(depth > 1 ? number & 255 : number != 0 ? 255 : 0);
  }
  return color;
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
          .transparent_palette = type == 3 && !png_chunk_data(file, "tRNS").empty(),
          .transparent_color = transparent_png_color(file, depth, type),
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

/// The decoded image with the properties that its file states apart from the pixels.
inline Image finished(Image image, const FileMode& mode) {
  if (mode.transparent_color) image = with_transparent_color(std::move(image), *mode.transparent_color);
  return mode.palette ? std::move(image).as_palette() : image;
}

}  // namespace clip::inline CLIP_ABI::detail

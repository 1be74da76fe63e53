// clip/image/file_mode.hpp: what a picture file says of its pixels that decoded bytes no longer show.
#pragma once

#include <clip/core/size.hpp>
#include <clip/io/bytes.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace clip::inline CLIP_ABI::detail {

struct FileMode {
  /// Colours of a palette, or single bits: the reference resizes them by nearest neighbour.
  bool palette = false;
  /// Channels to ask of the decoder; 0: as they come. Set where it would add an alpha that the reference does not see: one
  /// transparent colour of a PNG, transparency of a palette, the unused fourth byte of a BMP.
  int channels = 0;
  /// The largest sample a PNM file announces; the decoder knows no other than 255.
  Index largest_sample = 255;
};

inline bool starts_with(std::span<const std::byte> file, std::string_view signature) {
  const auto expected = as_byte_span(signature);
  return file.size() >= expected.size() && std::equal(expected.begin(), expected.end(), file.begin());
}

/// PNG specification 1.2, section 4.1.1: depth and colour type (0 grey, 2 RGB, 3 palette, 4 grey with alpha, 6 RGB with alpha).
inline FileMode png_mode(std::span<const std::byte> file) {
  if (file.size() < 26) return {};
  const auto depth = std::to_integer<int>(file[24]), type = std::to_integer<int>(file[25]);
  return {.palette = type == 3 || (type == 0 && depth == 1), .channels = type == 0 ? 1 : type == 2 || type == 3 ? 3 : 0};
}

/// Up to 8 bits per pixel are numbers of a palette. The palette 0, 1, 2 … in grey is none.
inline FileMode bmp_mode(std::span<const std::byte> file) {
  if (file.size() < 54) return {};
  const bool oldest = load_little<std::uint32_t>(&file[14]) == 12;
  const unsigned bits = load_little<std::uint16_t>(&file[oldest ? 24 : 28]), compression = oldest ? 0 : load_little<std::uint32_t>(&file[30]);
  if (bits > 8) return {.channels = bits == 32 && compression == 0 ? 3 : 0};
  const std::size_t named = oldest ? 0 : load_little<std::uint32_t>(&file[46]), colors = named != 0 ? named : std::size_t{1} << bits;
  const std::size_t first = 14 + std::size_t{load_little<std::uint32_t>(&file[14])}, each = oldest ? 3 : 4;
  bool grey = colors != 2 && colors <= 256 && first <= file.size() && colors * each <= file.size() - first;
  for (std::size_t i = 0; grey && i < colors; ++i)
    for (std::size_t c = 0; c < 3; ++c) grey = grey && std::to_integer<std::size_t>(file[first + i * each + c]) == i;
  return {.palette = !grey};
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
  return {.largest_sample = i < file.size() ? numbers[2] : 255};  // a header cut short is the decoder's to refuse
}

inline FileMode file_mode(std::span<const std::byte> file) {
  if (starts_with(file, {"\x89PNG\r\n\x1a\n", 8})) return png_mode(file);
  if (starts_with(file, "BM")) return bmp_mode(file);
  if (starts_with(file, "P5") || starts_with(file, "P6")) return pnm_mode(file);
  return {};
}

}  // namespace clip::inline CLIP_ABI::detail

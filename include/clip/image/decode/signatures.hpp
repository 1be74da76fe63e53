// clip/image/decode/signatures.hpp: signatures of image files, and the check of the size in a header.
#pragma once

#include <clip/core/result.hpp>
#include <clip/core/size.hpp>
#include <clip/io/bytes.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI::detail {

inline bool starts_with(std::span<const std::byte> file, std::string_view signature, std::size_t at = 0) {
  const auto expected = as_byte_span(signature);
  return file.size() >= at + expected.size() &&
         std::equal(expected.begin(), expected.end(), file.begin() + static_cast<std::ptrdiff_t>(at));
}
inline bool is_png(std::span<const std::byte> file) { return starts_with(file, {"\x89PNG\r\n\x1a\n", 8}); }
inline bool is_jpeg(std::span<const std::byte> file) { return starts_with(file, "\xFF\xD8\xFF"); }
inline bool is_webp(std::span<const std::byte> file) {
  return starts_with(file, "RIFF") && starts_with(file, "WEBP", 8);
}
inline bool is_gif(std::span<const std::byte> file) {
  return starts_with(file, "GIF87a") || starts_with(file, "GIF89a");
}

/// The maximum number of pixels, 2^28. Larger sizes are treated as damaged headers.
inline constexpr Index most_pixels = Index{1} << 28;

/// Size that is accepted for a file of any length, in formats without a limit to their compression: 2^24 pixels.
inline constexpr Index always_plausible = Index{1} << 24;

/// Checks the size in a header before any allocation. `capacity` is the maximum number of pixels that the bytes of the
/// file can encode.
inline Result<void> check_header(const std::string& place, Index width, Index height, Index capacity) {
  const std::string size = std::to_string(width) + " x " + std::to_string(height);
  if (width < 1 || height < 1 || width > most_pixels || height > most_pixels || width * height > most_pixels)
    return InputError{place, "size", "1 ... 2^28 pixels", size};
  if (width * height > capacity)
    return InputError{place, "truncated image: size",
                      "at most the " + std::to_string(capacity) + " pixels its bytes can hold", size};
  return {};
}

inline Index index(std::size_t n) { return static_cast<Index>(n); }

}  // namespace clip::inline CLIP_ABI::detail

// clip/image/decode/decoder.hpp: the ImageDecoder concept, and Decoders, which tries several in order.
#pragma once

#include <clip/core/result.hpp>
#include <clip/image/image.hpp>
#include <clip/io/bytes.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI {

/// A decoder of one or more formats: `reads` checks the signature, `decode` returns the pixels or an InputError for
/// `place`, and `formats` lists the formats. A custom decoder precedes the built-in ones:
///
///   struct Heif { static std::string formats(); static bool reads(…); static Result<Image> decode(…); };
///   auto image = clip::read_image<clip::Decoders<Heif, clip::ImageDecoders>>("a.heic");
template <class D>
concept ImageDecoder = requires(std::span<const std::byte> file, const std::string& place) {
  { D::formats() } -> std::convertible_to<std::string>;
  { D::reads(file) } -> std::same_as<bool>;
  { D::decode(file, place) } -> std::same_as<Result<Image>>;
};

/// Decodes with the first decoder that reads the file.
template <ImageDecoder... D>
struct Decoders {
  static std::string formats() {
    std::string all;
    ((all += (all.empty() ? "" : ", ") + std::string(D::formats())), ...);
    return all;
  }
  static bool reads(std::span<const std::byte> file) { return (D::reads(file) || ...); }
  static Result<Image> decode(std::span<const std::byte> file, const std::string& place) {
    Result<Image> result = Error{InputError{place, "not an image in a supported format: expected " + formats()}};
    const auto decode_with = [&]<class Decoder>() {
      if (!Decoder::reads(file)) return false;
      result = Decoder::decode(file, place);
      return true;
    };
    (void)(decode_with.template operator()<D>() || ...);
    return result;
  }
};

namespace detail {

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

}  // namespace detail

}  // namespace clip::inline CLIP_ABI

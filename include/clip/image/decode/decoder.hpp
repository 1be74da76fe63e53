// clip/image/decode/decoder.hpp: the ImageDecoder concept, and Decoders, which tries several in order.
#pragma once

#include <clip/core/result.hpp>
#include <clip/image/image.hpp>

#include <concepts>
#include <cstddef>
#include <span>
#include <string>

namespace clip::inline CLIP_ABI {

/// strict: refuse every damaged JPEG and PNG. Otherwise those are read that Pillow 13 reads, with its pixels: PNGs with
/// wrong checksums of pixels, with unknown critical chunks, without an end; JPEGs with damaged data or missing markers,
/// whose pixels are grey or shifted from there on. A file that ends before its pixels do is always refused.
struct DecodeOptions {
  bool strict = false;
};

/// A decoder of one or more formats: `reads` checks the signature, `decode` returns the pixels or an InputError for
/// `place`, and `formats` lists the formats. A custom decoder precedes the built-in ones, and may take DecodeOptions as
/// the last argument of `decode`:
///
///   struct Heif { static std::string formats(); static bool reads(…); static Result<Image> decode(…); };
///   auto image = clip::read_image<clip::Decoders<Heif, clip::ImageDecoders>>("a.heic");
template <class D>
concept ImageDecoder = requires(std::span<const std::byte> file, const std::string& place) {
  { D::formats() } -> std::convertible_to<std::string>;
  { D::reads(file) } -> std::same_as<bool>;
  { D::decode(file, place) } -> std::same_as<Result<Image>>;
};

namespace detail {
template <ImageDecoder Decoder>
Result<Image> decode_with(std::span<const std::byte> file, const std::string& place, DecodeOptions options) {
  if constexpr (requires { Decoder::decode(file, place, options); }) {
    return Decoder::decode(file, place, options);
  } else {
    return Decoder::decode(file, place);
  }
}
}  // namespace detail

/// Decodes with the first decoder that reads the file.
template <ImageDecoder... D>
struct Decoders {
  static std::string formats() {
    std::string all;
    ((all += (all.empty() ? "" : ", ") + std::string(D::formats())), ...);
    return all;
  }
  static bool reads(std::span<const std::byte> file) { return (D::reads(file) || ...); }
  static Result<Image> decode(std::span<const std::byte> file, const std::string& place, DecodeOptions options = {}) {
    Result<Image> result = Error{InputError{place, "not an image in a supported format: expected " + formats()}};
    const auto decode_with = [&]<class Decoder>() {
      if (!Decoder::reads(file)) return false;
      result = detail::decode_with<Decoder>(file, place, options);
      return true;
    };
    (void)(decode_with.template operator()<D>() || ...);
    return result;
  }
};

}  // namespace clip::inline CLIP_ABI

// clip/image/read.hpp: reads and decodes image files.
#pragma once

#include <clip/core/result.hpp>
#include <clip/image/decode/decoder.hpp>
#include <clip/image/decode/exif.hpp>
#include <clip/image/image.hpp>
#include <clip/image/orientation.hpp>

#include <cstddef>
#include <span>
#include <string>

namespace clip::inline CLIP_ABI {

// The headers in decode/ define the decoders.
struct JpegDecoder;
struct StbJpegDecoder;
struct PngDecoder;
struct StbPngDecoder;
struct WebpDecoder;
struct GifDecoder;
struct BmpDecoder;
struct PnmDecoder;
struct TgaDecoder;

namespace detail {
#if defined(CLIP_HAS_JPEG) && CLIP_HAS_JPEG
using JpegFiles = JpegDecoder;
#else
using JpegFiles = StbJpegDecoder;
#endif
#if defined(CLIP_HAS_PNG) && CLIP_HAS_PNG
using PngFiles = PngDecoder;
#else
using PngFiles = StbPngDecoder;
#endif

/// Decoders<D...>, declared.
template <class... D>
struct DeclaredDecoders {
  static std::string formats();
  static bool reads(std::span<const std::byte> file);
  static Result<Image> decode(std::span<const std::byte> file, const std::string& place, DecodeOptions options = {});
};
}  // namespace detail

/// The supported formats: JPEG, PNG, GIF, BMP, PNM and TGA by embedded decoders; libjpeg-turbo (CLIP_HAS_JPEG), libpng
/// (CLIP_HAS_PNG) and libwebp (CLIP_HAS_WEBP, for WebP) if the program has them. The list is a template parameter of
/// the functions below, so that objects compiled with different lists can be linked, and so that users can extend it:
/// see ImageDecoder.
#if defined(CLIP_HAS_WEBP) && CLIP_HAS_WEBP
using ImageDecoders = detail::DeclaredDecoders<detail::JpegFiles, detail::PngFiles, WebpDecoder, GifDecoder, BmpDecoder,
                                               PnmDecoder, TgaDecoder>;
#else
using ImageDecoders =
    detail::DeclaredDecoders<detail::JpegFiles, detail::PngFiles, GifDecoder, BmpDecoder, PnmDecoder, TgaDecoder>;
#endif

/// exif_orientation: rotate the image upright by the orientation that the camera recorded. Off by default, as in the
/// reference.
/// strict: refuse every damaged JPEG and PNG, also those that the reference reads (DecodeOptions).
struct ReadOptions {
  bool exif_orientation = false;
  bool strict = false;
};

namespace detail {

using DecodeImage = Result<Image> (*)(std::span<const std::byte> file, const std::string& place, DecodeOptions options);

CLIP_HOST Result<Image> try_decode_image(std::span<const std::byte> bytes, const std::string& place,
                                         ReadOptions options, DecodeImage decode);
CLIP_HOST Result<Image> try_read_image(const std::string& path, ReadOptions options, DecodeImage decode);

}  // namespace detail

/// Decodes an image; `place` is its name in error messages. Keeps the pixel format of the file, because the reference
/// resizes each in its own way: grey, RGB, RGBA (also for grey with alpha), CMYK (with CLIP_HAS_JPEG), 16-bit grey. As
/// in the reference: palettes become RGB with the palette flag, see palette(); transparency of palettes and of single
/// colours is apart from the colours, see transparency(); colour profiles are ignored; other 16-bit pixels keep their
/// upper 8 bits; an animation gives its first image.
/// InputError: another format, damaged, truncated, more than 2^28 pixels or more than the bytes of the file can encode.
template <ImageDecoder Decoder = ImageDecoders>
[[nodiscard]] Result<Image> try_decode_image(std::span<const std::byte> bytes, const std::string& place,
                                             ReadOptions options = {}) {
  return detail::try_decode_image(bytes, place, options, detail::decode_with<Decoder>);
}

/// Reads and decodes an image file. Errors have the name of the file.
template <ImageDecoder Decoder = ImageDecoders>
[[nodiscard]] Result<Image> try_read_image(const std::string& path, ReadOptions options = {}) {
  return detail::try_read_image(path, options, detail::decode_with<Decoder>);
}

template <ImageDecoder Decoder = ImageDecoders>
Image decode_image(std::span<const std::byte> bytes, const std::string& place = "image in memory",
                   ReadOptions options = {}) {
  return try_decode_image<Decoder>(bytes, place, options).value();
}
template <ImageDecoder Decoder = ImageDecoders>
Image read_image(const std::string& path, ReadOptions options = {}) {
  return try_read_image<Decoder>(path, options).value();
}

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/image/read.inl.hpp>
#endif

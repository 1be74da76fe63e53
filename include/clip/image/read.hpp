// clip/image/read.hpp: reads and decodes image files.
#pragma once

#include <clip/core/result.hpp>
#include <clip/image/decode/bmp.hpp>
#include <clip/image/decode/decoder.hpp>
#include <clip/image/decode/exif.hpp>
#include <clip/image/decode/gif.hpp>
#include <clip/image/decode/jpeg.hpp>
#include <clip/image/decode/png.hpp>
#include <clip/image/decode/pnm.hpp>
#include <clip/image/decode/stb.hpp>
#include <clip/image/decode/tga.hpp>
#include <clip/image/decode/webp.hpp>
#include <clip/image/image.hpp>
#include <clip/image/orientation.hpp>
#include <clip/io/mapped_file.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <utility>

namespace clip::inline CLIP_ABI {

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
}  // namespace detail

/// The supported formats: JPEG, PNG, GIF, BMP, PNM and TGA by embedded decoders; libjpeg-turbo (CLIP_HAS_JPEG), libpng
/// (CLIP_HAS_PNG) and libwebp (CLIP_HAS_WEBP, for WebP) if the program has them. The list is a template parameter of
/// the functions below, so that objects compiled with different lists can be linked, and so that users can extend it:
/// see ImageDecoder.
#if defined(CLIP_HAS_WEBP) && CLIP_HAS_WEBP
using ImageDecoders =
    Decoders<detail::JpegFiles, detail::PngFiles, WebpDecoder, GifDecoder, BmpDecoder, PnmDecoder, TgaDecoder>;
#else
using ImageDecoders = Decoders<detail::JpegFiles, detail::PngFiles, GifDecoder, BmpDecoder, PnmDecoder, TgaDecoder>;
#endif

/// exif_orientation: rotate the image upright by the orientation that the camera recorded. Off by default, as in the
/// reference.
struct ReadOptions {
  bool exif_orientation = false;
};

/// Decodes an image; `place` is its name in error messages. Keeps the pixel format of the file, because the reference
/// resizes each in its own way: grey, RGB, RGBA (also for grey with alpha), CMYK (with CLIP_HAS_JPEG), 16-bit grey. As
/// in the reference: palettes become RGB with the palette flag, see palette(); transparency of palettes and of single
/// colours, and colour profiles are ignored; other 16-bit pixels keep their upper 8 bits; an animation gives its first
/// image.
/// InputError: another format, damaged, truncated, more than 2^28 pixels or more than the bytes of the file can encode.
template <ImageDecoder Decoder = ImageDecoders>
[[nodiscard]] Result<Image> try_decode_image(std::span<const std::byte> bytes, const std::string& place,
                                             ReadOptions options = {}) {
  if (bytes.empty()) return InputError{place, "not an image: no bytes"}.with_id("clip.input.image");
  Result<Image> image = Decoder::decode(bytes, place);
  if (!image) return std::move(image).error().with_id("clip.input.image");
  if (options.exif_orientation) {
    const int orientation = exif_orientation(bytes);
    if (orientation != 1) return oriented(*image, orientation);
  }
  return image;
}

/// Reads and decodes an image file. Errors have the name of the file.
template <ImageDecoder Decoder = ImageDecoders>
[[nodiscard]] Result<Image> try_read_image(const std::string& path, ReadOptions options = {}) {
  const auto file = try_map_file(path);
  if (!file) return file.error();
  return try_decode_image<Decoder>(file->bytes(), path, options);
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

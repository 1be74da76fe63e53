// clip/image/read.hpp: picture files as pixels.
#pragma once

#include <clip/core/result.hpp>
#include <clip/image/decode/decoder.hpp>
#include <clip/image/decode/exif.hpp>
#include <clip/image/decode/gif.hpp>
#include <clip/image/decode/jpeg.hpp>
#include <clip/image/decode/png.hpp>
#include <clip/image/decode/stb.hpp>
#include <clip/image/decode/webp.hpp>
#include <clip/image/image.hpp>
#include <clip/image/orientation.hpp>
#include <clip/io/map.hpp>

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

/// The formats read here: JPEG, PNG, GIF, BMP, PNM, TGA by what is embedded, and by libjpeg-turbo (CLIP_HAS_JPEG), libpng
/// (CLIP_HAS_PNG) and libwebp (CLIP_HAS_WEBP, WebP) where the program has them. The list is a template parameter of the functions
/// below, so that objects compiled with and without can meet in one program, and so that it can be another: see ImageDecoder.
#if defined(CLIP_HAS_WEBP) && CLIP_HAS_WEBP
using ImageDecoders = Decoders<detail::JpegFiles, detail::PngFiles, WebpDecoder, GifDecoder, StbDecoder>;
#else
using ImageDecoders = Decoders<detail::JpegFiles, detail::PngFiles, GifDecoder, StbDecoder>;
#endif

/// exif_orientation: turn the picture upright where the camera noted how it was held. Off, as in the reference.
struct ReadOptions {
  bool exif_orientation = false;
};

/// The picture in `bytes`; `place` names it in errors. The file's kind of pixels is kept, because the reference resizes each in its
/// own way: grey, RGB, RGBA (grey with alpha becomes three equal colours), CMYK (with CLIP_HAS_JPEG), 16 bits of grey. Palettes become
/// RGB and the image remembers, see palette(); a palette's transparency, single transparent colours and colour profiles are ignored; of
/// other 16-bit pixels the upper 8 bits stay; of an animation the first picture. All of that as in the reference.
/// InputError: another format, damaged, truncated, larger than 2^28 pixels or than its bytes can hold.
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

/// The picture in a file. Errors name the file.
template <ImageDecoder Decoder = ImageDecoders>
[[nodiscard]] Result<Image> try_read_image(const std::string& path, ReadOptions options = {}) {
  const auto file = try_map(path);
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

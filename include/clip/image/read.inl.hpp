// clip/image/read.inl.hpp: definitions of clip/image/read.hpp.
#pragma once

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
#include <clip/image/orientation.hpp>
#include <clip/image/read.hpp>
#include <clip/io/file_bytes.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <utility>

namespace clip::inline CLIP_ABI {
namespace detail {

template <class... D>
std::string DeclaredDecoders<D...>::formats() {
  return Decoders<D...>::formats();
}
template <class... D>
bool DeclaredDecoders<D...>::reads(std::span<const std::byte> file) {
  return Decoders<D...>::reads(file);
}
template <class... D>
Result<Image> DeclaredDecoders<D...>::decode(std::span<const std::byte> file, const std::string& place,
                                             DecodeOptions options) {
  return Decoders<D...>::decode(file, place, options);
}

CLIP_HOST Result<Image> try_decode_image(std::span<const std::byte> bytes, const std::string& place,
                                         ReadOptions options, DecodeImage decode) {
  if (bytes.empty()) return InputError{place, "not an image: no bytes"}.with_id("clip.input.image");
  Result<Image> image = decode(bytes, place, {.strict = options.strict});
  if (!image) return std::move(image).error().with_id("clip.input.image");
  if (options.exif_orientation) {
    const int orientation = exif_orientation(bytes);
    if (orientation != 1) return oriented(*image, orientation);
  }
  return image;
}

CLIP_HOST Result<Image> try_read_image(const std::string& path, ReadOptions options, DecodeImage decode) {
  const auto file = try_read_bytes(path);
  if (!file) return file.error();
  return try_decode_image(*file, path, options, decode);
}

}  // namespace detail

}  // namespace clip::inline CLIP_ABI

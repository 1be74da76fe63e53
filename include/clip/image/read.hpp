// clip/image/read.hpp: JPEG, PNG, BMP and PNM files as pixels.
#pragma once

#include <clip/core/result.hpp>
#include <clip/image/file_mode.hpp>
#include <clip/image/image.hpp>
#include <clip/image/jpeg_guard.hpp>
#include <clip/io/map.hpp>
#include <clip/io/stb.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {

/// The bytes of a file as the decoder asks for them. It makes up zeros past the end; `past_end` tells that it had to.
struct ImageSource {
  std::span<const std::byte> left;
  bool past_end = false;

  static int read(void* self, char* out, int size) {
    auto& source = *static_cast<ImageSource*>(self);
    const std::size_t n = std::min(source.left.size(), static_cast<std::size_t>(size));
    if (n == 0) return source.past_end = true, 0;
    std::memcpy(out, source.left.data(), n);
    source.left = source.left.subspan(n);
    return static_cast<int>(n);
  }
  static void skip(void* self, int n) {
    auto& source = *static_cast<ImageSource*>(self);
    const std::size_t wanted = n < 0 ? 0 : static_cast<std::size_t>(n);
    source.past_end = source.past_end || wanted > source.left.size();
    source.left = source.left.subspan(std::min(source.left.size(), wanted));
  }
  static int at_end(void* self) { return static_cast<ImageSource*>(self)->left.empty() ? 1 : 0; }
};

inline constexpr stb::stbi_io_callbacks image_callbacks{&ImageSource::read, &ImageSource::skip, &ImageSource::at_end};

/// Larger pictures are taken for damaged headers: 2^28 pixels.
inline constexpr Index most_pixels = Index{1} << 28;

}  // namespace detail

/// The picture in `bytes`; `place` names it in errors. The file's channels are kept: 1, 3 or 4; grey with alpha becomes RGBA
/// with three equal colours. Palettes become RGB (the image remembers, see palette()); single transparent colours are dropped. EXIF
/// orientation and colour profiles are ignored. All of that as in the reference. Where the decoder keeps us from it: of 16 bits the
/// upper 8 stay, also of grey, which the reference clips to nearly white; CMYK becomes RGB here, not after resizing; JPEGs differ by
/// a few levels; a PNM's largest sample must be 255.
/// InputError: another format, damaged, truncated, absurdly large.
[[nodiscard]] inline Result<Image> try_decode_image(std::span<const std::byte> bytes, const std::string& place) {
  namespace stb = detail::stb;
  if (bytes.empty()) return InputError{place, "not an image: no bytes"};
  if (!detail::jpeg_tables_fit(bytes)) return InputError{place, "damaged image (a Huffman table of more than 256 symbols)"};
  int width = 0, height = 0, channels = 0;
  const auto reason = [&](const detail::ImageSource& source) -> std::string {
    if (source.past_end) return "truncated image";
    const char* const said = stb::stbi_failure_reason();
    if (said == nullptr || std::strcmp(said, "unknown image type") == 0) return "not an image in a format read here: expected JPEG, PNG, BMP or PNM";
    return "damaged or unsupported image (" + std::string{said} + ")";
  };

  detail::ImageSource header{bytes};
  if (stb::stbi_info_from_callbacks(&detail::image_callbacks, &header, &width, &height, &channels) == 0) return InputError{place, reason(header)};
  if (width < 1 || height < 1 || Index{width} * height > detail::most_pixels)
    return InputError{place, "size", "1 ... 2^28 pixels", std::to_string(width) + " x " + std::to_string(height)};

  const detail::FileMode mode = detail::file_mode(bytes);
  if (mode.largest_sample != 255) return InputError{place, "largest sample", 255, mode.largest_sample};

  detail::ImageSource source{bytes};
  const std::unique_ptr<stb::stbi_uc, void (*)(void*)> decoded{
      stb::stbi_load_from_callbacks(&detail::image_callbacks, &source, &width, &height, &channels, mode.channels), &std::free};
  if (!decoded || source.past_end) return InputError{place, reason(source)};
  if (mode.channels != 0) channels = mode.channels;

  const std::size_t count = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  std::vector<std::uint8_t> pixels;
  if (channels == 2) {
    pixels.resize(count * 4);
    for (std::size_t i = 0; i < count; ++i) {
      std::memset(&pixels[4 * i], decoded.get()[2 * i], 3);
      pixels[4 * i + 3] = decoded.get()[2 * i + 1];
    }
  } else {
    pixels.assign(decoded.get(), decoded.get() + count * static_cast<std::size_t>(channels));
  }
  Image image{width, height, channels == 1 ? Pixels::gray : channels == 3 ? Pixels::rgb : Pixels::rgba, std::move(pixels)};
  return mode.palette ? std::move(image).as_palette() : std::move(image);
}

/// The picture in a file. Errors name the file.
[[nodiscard]] inline Result<Image> try_read_image(const std::string& path) {
  const auto file = try_map(path);
  if (!file) return file.error();
  return try_decode_image(file->bytes(), path);
}

inline Image decode_image(std::span<const std::byte> bytes, const std::string& place = "image in memory") { return try_decode_image(bytes, place).value(); }
inline Image read_image(const std::string& path) { return try_read_image(path).value(); }

}  // namespace clip::inline CLIP_ABI

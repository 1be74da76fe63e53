// clip/image/decode/stb.hpp: JPEG and PNG decoders by stb_image.
#pragma once

#include <clip/image/convert.hpp>
#include <clip/image/decode/decoder.hpp>
#include <clip/image/decode/file_mode.hpp>
#include <clip/image/decode/jpeg_guard.hpp>
#include <clip/image/decode/png_chunks.hpp>
#include <clip/image/decode/signatures.hpp>
#include <clip/image/orientation.hpp>
#include <clip/io/bytes.hpp>
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

/// Passes the bytes of a file to the decoder. The decoder substitutes zeros beyond the end; `past_end` records that.
struct ImageSource {
  std::span<const std::byte> left;
  bool past_end = false;

  static int read(void* self, char* out, int size) {
    auto& source = *static_cast<ImageSource*>(self);
    const std::size_t n = std::min(source.left.size(), static_cast<std::size_t>(size));
    if (n == 0) {
      source.past_end = true;
      return 0;
    }
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

/// True if every chunk of a PNG is inside the file: the decoder allocates memory for a chunk before reading it.
inline bool png_chunks_fit(std::span<const std::byte> file) {
  for (std::size_t at = 8; at + 12 <= file.size();) {
    const std::size_t length = load_big<std::uint32_t>(&file[at]);
    if (length > file.size() - at - 12) return false;
    if (starts_with(file, "IEND", at + 4)) return true;
    at += 12 + length;
  }
  return false;
}

/// Extends the palette to 256 entries with black: the decoder leaves missing entries uninitialised. Requires
/// png_chunks_fit().
inline std::vector<std::byte> with_whole_palette(std::span<const std::byte> file) {
  constexpr std::size_t whole = 3 * 256;
  std::size_t at = 8;
  const auto chunk_length = [&] { return std::size_t{load_big<std::uint32_t>(&file[at])}; };
  while (!starts_with(file, "PLTE", at + 4) && !starts_with(file, "IEND", at + 4)) at += 12 + chunk_length();
  const std::size_t length = chunk_length();
  std::vector<std::byte> all(file.begin(), file.end());
  if (starts_with(file, "IEND", at + 4) || length >= whole || length % 3 != 0) return all;  // the decoder refuses it
  store_big(&all[at], static_cast<std::uint32_t>(whole));
  all.insert(all.begin() + static_cast<std::ptrdiff_t>(at + 8 + length), whole - length, std::byte{0});
  return all;
}

/// The decoder's last error; `source` is its input.
inline Error stb_error(const std::string& place, const ImageSource& source) {
  if (source.past_end) return InputError{place, "truncated image"};
  const char* const reason = stb::stbi_failure_reason();
  return InputError{
      place, "damaged or unsupported image (" + std::string{reason != nullptr ? reason : "no reason given"} + ")"};
}

inline Result<Image> decode_gray16(std::span<const std::byte> file, const FileMode& mode, const std::string& place) {
  int width = 0, height = 0, channels = 0;
  ImageSource source{file};
  const std::unique_ptr<stb::stbi_us, void (*)(void*)> decoded{
      stb::stbi_load_16_from_callbacks(&image_callbacks, &source, &width, &height, &channels, 1), &std::free};
  if (!decoded || source.past_end) return stb_error(place, source);
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 2);
  std::memcpy(pixels.data(), decoded.get(), pixels.size());
  return finished({width, height, Pixels::gray16, std::move(pixels)}, mode);
}

inline Result<Image> decode_by_stb(std::span<const std::byte> file, const std::string& place) {
  int width = 0, height = 0, channels = 0;
  const FileMode mode = file_mode(file);
  ImageSource header{file};
  if (stb::stbi_info_from_callbacks(&image_callbacks, &header, &width, &height, &channels) == 0)
    return stb_error(place, header);
  if (auto good = check_header(place, width, height, mode.capacity(file.size())); !good) return good.error();
  if (mode.gray16) return decode_gray16(file, mode, place);

  ImageSource source{file};
  const int wanted = mode.transparent_palette ? 0 : mode.channels;
  const std::unique_ptr<stb::stbi_uc, void (*)(void*)> decoded{
      stb::stbi_load_from_callbacks(&image_callbacks, &source, &width, &height, &channels, wanted), &std::free};
  if (!decoded || source.past_end) return stb_error(place, source);
  if (wanted != 0) channels = wanted;

  const std::size_t count = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  std::vector<std::uint8_t> pixels;
  if (mode.transparent_palette && channels == 4) {
    pixels.assign(decoded.get(), decoded.get() + 4 * count);
    return with_alphas_apart(width, height, std::move(pixels)).as_palette();
  }
  if (channels == 2) {  // grey with alpha
    pixels.resize(count * 4);
    for (std::size_t i = 0; i < count; ++i) {
      std::memset(&pixels[4 * i], decoded.get()[2 * i], 3);
      pixels[4 * i + 3] = decoded.get()[2 * i + 1];
    }
  } else {
    pixels.assign(decoded.get(), decoded.get() + count * static_cast<std::size_t>(channels));
  }
  const Pixels kind = channels == 1 ? Pixels::gray : channels == 3 ? Pixels::rgb : Pixels::rgba;
  return finished({width, height, kind, std::move(pixels)}, mode);
}

}  // namespace detail

/// Pixels differ from the reference's by a few levels (with 4:2:2 sampling by more along edges). Converts CMYK to RGB
/// at once, not after resizing. Does not support arithmetic coding. Refuses every damaged file, also those that the
/// reference reads.
struct StbJpegDecoder {
  static std::string formats() { return "JPEG"; }
  static bool reads(std::span<const std::byte> file) { return detail::is_jpeg(file); }
  static Result<Image> decode(std::span<const std::byte> file, const std::string& place) {
    if (!detail::jpeg_tables_fit(file))
      return InputError{place, "damaged image (a Huffman table of more than 256 symbols)"};
    if (!detail::jpeg_scans_fit(file))
      return InputError{place, "scans of a JPEG", "at most " + std::to_string(most_jpeg_scans), "more"};
    return detail::decode_by_stb(file, place);
  }
};

/// The reference's pixels. Ignores the checksums in the file.
struct StbPngDecoder {
  static std::string formats() { return "PNG"; }
  static bool reads(std::span<const std::byte> file) { return detail::is_png(file); }
  static Result<Image> decode(std::span<const std::byte> file, const std::string& place, DecodeOptions options = {}) {
    return detail::decode_png(file, options,
                              [&](std::span<const std::byte> png, bool) { return decode_all(png, place); });
  }

 private:
  static Result<Image> decode_all(std::span<const std::byte> file, const std::string& place) {
    if (!detail::png_chunks_fit(file)) return InputError{place, "truncated image"};
    if (detail::png_mode(file).palette) return detail::decode_by_stb(detail::with_whole_palette(file), place);
    return detail::decode_by_stb(file, place);
  }
};

}  // namespace clip::inline CLIP_ABI

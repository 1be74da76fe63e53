// clip/image/decode/png.hpp: PNG decoder by libpng, fast and with checksums. Needs CLIP_HAS_PNG=1 and the library.
#pragma once

#include <clip/image/convert.hpp>
#include <clip/image/decode/decoder.hpp>
#include <clip/image/decode/signatures.hpp>

#if defined(CLIP_HAS_PNG) && CLIP_HAS_PNG

#include <clip/image/decode/file_mode.hpp>
#include <clip/image/decode/png_chunks.hpp>

#include <png.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {

/// The library's state. The library reports errors by longjmp to the last setjmp, which is in the member functions
/// below; they have no locals with destructors.
struct PngReading {
  std::span<const std::byte> left;
  ::png_structp png = nullptr;
  ::png_infop info = nullptr;
  char message[128] = "";
  bool truncated = false;

  explicit PngReading(std::span<const std::byte> file) : left{file} {
    png = ::png_create_read_struct(PNG_LIBPNG_VER_STRING, this, &fail, [](::png_structp, ::png_const_charp) {});
    if (png != nullptr) info = ::png_create_info_struct(png);
  }
  PngReading(const PngReading&) = delete;
  ~PngReading() { ::png_destroy_read_struct(&png, &info, nullptr); }

  [[noreturn]] static void fail(::png_structp png, ::png_const_charp what) {
    auto& reading = *static_cast<PngReading*>(::png_get_error_ptr(png));
    std::strncpy(reading.message, what, sizeof reading.message - 1);
    ::png_longjmp(png, 1);
  }
  static void read(::png_structp png, ::png_bytep out, std::size_t n) {
    auto& reading = *static_cast<PngReading*>(::png_get_io_ptr(png));
    if (n > reading.left.size()) {
      reading.truncated = true;
      ::png_error(png, "truncated");
    }
    std::memcpy(out, reading.left.data(), n);
    reading.left = reading.left.subspan(n);
  }

  bool header() {
    if (info == nullptr) return false;
    if (setjmp(png_jmpbuf(png)) != 0) return false;
    ::png_set_read_fn(png, this, &read);
    ::png_set_user_limits(png, 1U << 28, 1U << 28);  // check_header() checks the product
#ifdef PNG_HANDLE_AS_UNKNOWN_SUPPORTED
    // Metadata is passed over: the library takes as much memory for an eXIf chunk as its header states.
    ::png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
#endif
    ::png_read_info(png, info);
    return true;
  }

  /// Converts palettes to RGB, fewer than 8 bits to 8, and 16 bits to the upper 8, except 16-bit grey.
  /// With `alphas`, those of the palette become the last channel.
  bool prepare(bool alphas) {
    if (setjmp(png_jmpbuf(png)) != 0) return false;
    const int type = ::png_get_color_type(png, info), depth = ::png_get_bit_depth(png, info);
    if (type == PNG_COLOR_TYPE_PALETTE) {
      ::png_set_palette_to_rgb(png);
      if (alphas) ::png_set_tRNS_to_alpha(png);
      else ::png_set_strip_alpha(png);
    }
    if (type == PNG_COLOR_TYPE_GRAY && depth < 8) ::png_set_expand_gray_1_2_4_to_8(png);
    if (type == PNG_COLOR_TYPE_GRAY_ALPHA) ::png_set_gray_to_rgb(png);
    if (depth == 16 && type != PNG_COLOR_TYPE_GRAY) ::png_set_strip_16(png);
    if (depth == 16 && type == PNG_COLOR_TYPE_GRAY && std::endian::native == std::endian::little) ::png_set_swap(png);
    ::png_set_interlace_handling(png);
    ::png_read_update_info(png, info);
    return true;
  }

  bool pixels(::png_bytepp rows) {
    if (setjmp(png_jmpbuf(png)) != 0) return false;
    ::png_read_image(png, rows);
    ::png_read_end(png, nullptr);
    return true;
  }

  /// Whether what failed came behind the pixels.
  bool has_all_rows() const {
    return ::png_get_interlace_type(png, info) == PNG_INTERLACE_NONE
               ? ::png_get_current_row_number(png) >= ::png_get_image_height(png, info)
               : ::png_get_current_pass_number(png) >= PNG_INTERLACE_ADAM7_PASSES;
  }
};

}  // namespace detail

struct PngDecoder {
  static std::string formats() { return "PNG"; }
  static bool reads(std::span<const std::byte> file) { return detail::is_png(file); }

  static Result<Image> decode(std::span<const std::byte> file, const std::string& place, DecodeOptions options = {}) {
    return detail::decode_png(file, options, [&](std::span<const std::byte> png, bool to_the_end) {
      return decode_all(png, place, to_the_end);
    });
  }

 private:
  /// `to_the_end`: the compressed data must end as it should, too.
  static Result<Image> decode_all(std::span<const std::byte> file, const std::string& place, bool to_the_end) {
    // The library passes over unknown chunks before it; file_mode() does not.
    if (!detail::starts_with(file, "IHDR", 12)) return InputError{place, "damaged image (its first chunk is not IHDR)"};
    detail::PngReading reading{file};
    const auto error = [&]() -> Error {
      return reading.truncated
                 ? InputError{place, "truncated image"}
                 : InputError{place, "damaged or unsupported image (" + std::string{reading.message} + ")"};
    };
    if (!reading.header()) return error();
    const Index width = ::png_get_image_width(reading.png, reading.info),
                height = ::png_get_image_height(reading.png, reading.info);
    const detail::FileMode mode = detail::file_mode(file);
    if (auto good = detail::check_header(place, width, height, mode.capacity(file.size())); !good) return good.error();
    if (!reading.prepare(mode.transparent_palette)) return error();
    const std::size_t row_bytes = ::png_get_rowbytes(reading.png, reading.info);
    std::vector<std::uint8_t> pixels(static_cast<std::size_t>(height) * row_bytes);
    std::vector<::png_bytep> rows(static_cast<std::size_t>(height));
    for (std::size_t y = 0; y < rows.size(); ++y) rows[y] = pixels.data() + y * row_bytes;
    if (!reading.pixels(rows.data()) && (to_the_end || !reading.has_all_rows())) return error();

    const int channels = ::png_get_channels(reading.png, reading.info);
    if (mode.transparent_palette && channels == 4)
      return detail::with_alphas_apart(width, height, std::move(pixels)).as_palette();
    const Pixels kind = mode.gray16     ? Pixels::gray16
                        : channels == 1 ? Pixels::gray
                        : channels == 3 ? Pixels::rgb
                                        : Pixels::rgba;
    return detail::finished({width, height, kind, std::move(pixels)}, mode);
  }
};

}  // namespace clip::inline CLIP_ABI

#endif

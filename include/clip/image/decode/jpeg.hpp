// clip/image/decode/jpeg.hpp: JPEG decoder by libjpeg-turbo, with the reference's pixels. Needs CLIP_HAS_JPEG=1 and the
// library.
#pragma once

#include <clip/image/decode/decoder.hpp>
#include <clip/image/decode/jpeg_guard.hpp>
#include <clip/image/decode/signatures.hpp>

#if defined(CLIP_HAS_JPEG) && CLIP_HAS_JPEG

#include <stdio.h>  // required by the next header

#include <jerror.h>
#include <jpeglib.h>

#include <csetjmp>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {

/// The library's state. The library reports errors by longjmp to the last setjmp, which is in the member functions
/// below; they have no locals with destructors.
struct JpegReading {
  ::jpeg_decompress_struct info{};
  ::jpeg_error_mgr errors{};
  std::jmp_buf jump;
  char message[JMSG_LENGTH_MAX] = "";
  bool truncated = false, too_many_scans = false, strict;
  ::jpeg_progress_mgr progress{};

  explicit JpegReading(bool strict_) : strict{strict_} {
    info.err = ::jpeg_std_error(&errors);
    info.client_data = this;
    errors.error_exit = &fail;
    errors.emit_message = &warn;
    errors.output_message = [](::j_common_ptr) {};
    progress.progress_monitor = &count_scans;
  }
  JpegReading(const JpegReading&) = delete;
  ~JpegReading() { ::jpeg_destroy_decompress(&info); }

  [[noreturn]] static void fail(::j_common_ptr info) {
    auto& reading = *static_cast<JpegReading*>(info->client_data);
    (*info->err->format_message)(info, reading.message);
    reading.truncated = info->err->msg_code == JWRN_JPEG_EOF;
    std::longjmp(reading.jump, 1);
  }

  static void count_scans(::j_common_ptr info) {
    auto& reading = *static_cast<JpegReading*>(info->client_data);
    if (reading.info.input_scan_number <= most_jpeg_scans) return;
    reading.too_many_scans = true;
    std::longjmp(reading.jump, 1);
  }

  /// Level -1 is a warning. Extraneous bytes between segments, odd header fields and an unknown colour transform are
  /// harmless, as for the reference; every other warning means invented pixels, and is an error if strict. An end of
  /// the file is always one.
  static void warn(::j_common_ptr info, int level) {
    if (level >= 0) return;
    switch (info->err->msg_code) {
      case JWRN_EXTRANEOUS_DATA:
      case JWRN_JFIF_MAJOR:
      case JWRN_ADOBE_XFORM:
      case JWRN_NOT_SEQUENTIAL: return;
      default:
        if (static_cast<JpegReading*>(info->client_data)->strict || info->err->msg_code == JWRN_JPEG_EOF) fail(info);
    }
  }

  bool header(std::span<const std::byte> file) {
    if (setjmp(jump) != 0) return false;
    jpeg_create_decompress(&info);
    info.progress = &progress;
    ::jpeg_mem_src(&info, reinterpret_cast<const unsigned char*>(file.data()), static_cast<unsigned long>(file.size()));
    ::jpeg_read_header(&info, TRUE);
    return true;
  }

  bool pixels(std::uint8_t* out, std::size_t row_bytes) {
    if (setjmp(jump) != 0) return false;
    info.out_color_space = info.num_components == 1 ? JCS_GRAYSCALE : info.num_components == 3 ? JCS_RGB : JCS_CMYK;
    ::jpeg_start_decompress(&info);
    while (info.output_scanline < info.output_height) {
      ::JSAMPROW row = out + info.output_scanline * row_bytes;
      ::jpeg_read_scanlines(&info, &row, 1);
    }
    return true;
  }
};

}  // namespace detail

/// The library's defaults: integer DCT, smooth chroma upsampling. CMYK stays CMYK, and is assumed to be inverted as
/// Adobe writes it.
struct JpegDecoder {
  static std::string formats() { return "JPEG"; }
  static bool reads(std::span<const std::byte> file) { return detail::is_jpeg(file); }

  static Result<Image> decode(std::span<const std::byte> file, const std::string& place, DecodeOptions options = {}) {
    detail::JpegReading reading{options.strict};
    const auto error = [&]() -> Error {
      if (reading.too_many_scans)
        return InputError{place, "scans of a JPEG", "at most " + std::to_string(most_jpeg_scans), "more"};
      return reading.truncated
                 ? InputError{place, "truncated image"}
                 : InputError{place, "damaged or unsupported image (" + std::string{reading.message} + ")"};
    };
    if (!reading.header(file)) return error();
    const Index width = reading.info.image_width, height = reading.info.image_height,
                components = reading.info.num_components;
    if (components != 1 && components != 3 && components != 4)
      return InputError{place, "components of a JPEG", "1, 3 or 4", components};
    // Huffman coding uses at least one bit per 1024 pixels; arithmetic coding has no such limit.
    const Index capacity = 1024 * detail::index(file.size());
    if (auto good = detail::check_header(place, width, height,
                                         reading.info.arith_code != 0 ? capacity + detail::always_plausible : capacity);
        !good)
      return good.error();
    const auto row_bytes = static_cast<std::size_t>(width * components);
    std::vector<std::uint8_t> pixels(static_cast<std::size_t>(height) * row_bytes);
    if (!reading.pixels(pixels.data(), row_bytes)) return error();
    if (components == 4)
      for (std::uint8_t& ink : pixels) ink = static_cast<std::uint8_t>(255 - ink);
    return Image{width, height,
                 components == 1   ? Pixels::gray
                 : components == 3 ? Pixels::rgb
                                   : Pixels::cmyk,
                 std::move(pixels)};
  }
};

}  // namespace clip::inline CLIP_ABI

#endif

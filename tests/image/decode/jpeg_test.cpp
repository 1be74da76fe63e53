#include <clip/image/read.hpp>

#include <doctest/doctest.h>

#if defined(CLIP_HAS_JPEG) && CLIP_HAS_JPEG

#include <stdio.h>

#include <jpeglib.h>

#include <cstddef>
#include <cstdlib>
#include <span>
#include <string>
#include <vector>

using namespace clip;

namespace {

/// A gray image of 16 × 16 pixels with a scan for every bit of every coefficient up to `coefficients`.
std::vector<std::byte> many_scans(int coefficients) {
  constexpr int bits = 11;  // the most that libjpeg writes
  std::vector<::jpeg_scan_info> scans;
  for (int k = 0; k < coefficients; ++k)
    for (int low = bits - 1; low >= 0; --low) scans.push_back({1, {0}, k, k, low == bits - 1 ? 0 : low + 1, low});
  ::jpeg_compress_struct info{};
  ::jpeg_error_mgr errors{};
  info.err = ::jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  ::jpeg_mem_dest(&info, &bytes, &size);
  info.image_width = info.image_height = 16;
  info.input_components = 1;
  info.in_color_space = JCS_GRAYSCALE;
  ::jpeg_set_defaults(&info);
  info.scan_info = scans.data();
  info.num_scans = static_cast<int>(scans.size());
  ::jpeg_start_compress(&info, TRUE);
  for (int y = 0; y < 16; ++y) {
    std::vector<::JSAMPLE> row(16);
    for (std::size_t x = 0; x < 16; ++x) row[x] = static_cast<::JSAMPLE>(13 * static_cast<std::size_t>(y) + 7 * x);
    ::JSAMPROW start = row.data();
    ::jpeg_write_scanlines(&info, &start, 1);
  }
  ::jpeg_finish_compress(&info);
  ::jpeg_destroy_compress(&info);
  const auto* const first = reinterpret_cast<const std::byte*>(bytes);
  std::vector<std::byte> file(first, first + size);
  std::free(bytes);
  return file;
}

}  // namespace

TEST_CASE("a JPEG of hundreds of scans is read, one of more than 500 is an error") {
  CHECK(JpegDecoder::decode(many_scans(45), "x.jpg"));                // 495
  const auto refused = JpegDecoder::decode(many_scans(46), "x.jpg");  // 506
  REQUIRE(!refused);
  CHECK(refused.error().message() == "x.jpg: scans of a JPEG: expected at most 500, found more");
}

TEST_CASE("stb's decoder has the same bound on scans") {
  const auto by_libjpeg = JpegDecoder::decode(many_scans(45), "x.jpg"),
             by_stb = StbJpegDecoder::decode(many_scans(45), "x.jpg");
  REQUIRE(by_libjpeg);
  REQUIRE(by_stb);
  int furthest = 0;
  for (Index y = 0; y < 16; ++y)
    for (Index x = 0; x < 16; ++x) furthest = std::max(furthest, std::abs(by_libjpeg->row(y)[x] - by_stb->row(y)[x]));
  CHECK(furthest <= 1);
  const auto refused = StbJpegDecoder::decode(many_scans(46), "x.jpg");
  REQUIRE(!refused);
  CHECK(refused.error().message() == "x.jpg: scans of a JPEG: expected at most 500, found more");
  CHECK(detail::jpeg_scans_fit(many_scans(45)));
  CHECK_FALSE(detail::jpeg_scans_fit(many_scans(46)));
  CHECK(detail::jpeg_scans_fit({}));
}

#endif

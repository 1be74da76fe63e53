#include <clip/core/rng.hpp>
#include <clip/image/read.hpp>
#include <clip/plot/png.hpp>

#include <doctest/doctest.h>

#include <array>
#include <string_view>
#include <vector>

using namespace clip;

namespace {
std::vector<std::uint8_t> noise(Index count) {
  Rng rng{7};
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(count));
  for (auto& b : bytes) b = static_cast<std::uint8_t>(rng.below(256));
  return bytes;
}

std::vector<std::uint8_t> pixels(const Image& image) {
  std::vector<std::uint8_t> all;
  for (Index y = 0; y < image.height(); ++y)
    all.insert(all.end(), image.row(y), image.row(y) + image.width() * image.channels());
  return all;
}
}  // namespace

TEST_CASE("a png decodes to the encoded pixels") {
  for (const Pixels kind : {Pixels::gray, Pixels::rgb, Pixels::rgba})
    for (const std::array<Index, 2> size : {std::array<Index, 2>{1, 1},
                                            {28, 28},
                                            {5, 3},
                                            {1, 300},
                                            {301, 257}}) {  // the last one needs several stored blocks
      const Index width = size[0], height = size[1];
      CAPTURE(width);
      CAPTURE(channels(kind));
      const Image image{width, height, kind, noise(width * height * channels(kind))};
      const Image back = decode_image(encode_png(image));
      CHECK(back.width() == width);
      CHECK(back.height() == height);
      CHECK(back.pixels() == kind);
      CHECK(pixels(back) == pixels(image));
    }
}

TEST_CASE("areas of one colour take little, and decode to the same pixels") {
  for (const Pixels kind : {Pixels::gray, Pixels::rgb, Pixels::rgba}) {
    const Index width = 611, height = 300, n = channels(kind);
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(width * height * n), 255);
    Rng rng{3};
    for (int i = 0; i < 40; ++i) {  // runs of every length
      const auto begin = rng.below(bytes.size() - 2000), length = rng.below(2000);
      std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(begin), length,
                  static_cast<std::uint8_t>(rng.below(256)));
    }
    const Image image{width, height, kind, bytes};
    const auto file = encode_png(image);
    CHECK(file.size() < bytes.size() / 50);
    CHECK(pixels(decode_image(file)) == bytes);
  }
}

TEST_CASE("a BGR image view with padded rows is written as RGB without padding") {
  const std::vector<std::uint8_t> frame{1, 2, 3, 4, 5, 6, 99, 99, 7, 8, 9, 10, 11, 12, 99, 99};
  CHECK(pixels(decode_image(encode_png(Image::view(frame.data(), 2, 2, 8, Pixels::bgr)))) ==
        std::vector<std::uint8_t>{3, 2, 1, 6, 5, 4, 9, 8, 7, 12, 11, 10});
  const std::vector<std::uint8_t> alpha{1, 2, 3, 200};
  CHECK(pixels(decode_image(encode_png(Image::view(alpha.data(), 1, 1, 4, Pixels::bgra)))) ==
        std::vector<std::uint8_t>{3, 2, 1, 200});
}

TEST_CASE("a png of one black pixel equals the file by the specification, byte for byte") {
  const std::vector<unsigned char> expected{
      0x89, 'P', 'N', 'G', 0x0D, 0x0A, 0x1A, 0x0A, 0,    0, 0,    13,   'I',  'H',  'D',  'R', 0, 0,
      0,    1,   0,   0,   0,    1,    8,    0,    0,    0, 0,    0x3A, 0x7E, 0x9B, 0x55, 0,   0, 0,
      13,   'I', 'D', 'A', 'T',  0x78, 0x01, 0x01, 0x02, 0, 0xFD, 0xFF, 0,    0,    0,    2,   0, 1};
  const auto file = encode_png(Image{1, 1, Pixels::gray, {0}});
  REQUIRE(file.size() == expected.size() + 16);  // the checksum of the second chunk, and the third chunk
  for (std::size_t i = 0; i < expected.size(); ++i) {
    CAPTURE(i);
    CHECK(std::to_integer<unsigned>(file[i]) == expected[i]);
  }
  CHECK(as_text(std::span(file).last(12)) == std::string_view("\0\0\0\0IEND\xAE\x42\x60\x82", 12));
}

TEST_CASE("an image without pixels is an error") {
  CHECK_THROWS_WITH_AS(static_cast<void>(encode_png(Image{})), "png: an image without pixels", InputError);
}

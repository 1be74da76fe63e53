#include <clip/image/convert.hpp>

#include <doctest/doctest.h>

#include <cstring>
#include <utility>
#include <vector>

using namespace clip;

namespace {
std::vector<int> rgb(Pixels pixels, std::vector<std::uint8_t> bytes) {
  const Image image = to_rgb(Image{1, 1, pixels, std::move(bytes)});
  CHECK(image.pixels() == Pixels::rgb);
  return {image.row(0)[0], image.row(0)[1], image.row(0)[2]};
}
}  // namespace

TEST_CASE("grey is repeated, alpha dropped, blue and red are exchanged") {
  CHECK(rgb(Pixels::gray, {7}) == std::vector<int>{7, 7, 7});
  CHECK(rgb(Pixels::rgb, {1, 2, 3}) == std::vector<int>{1, 2, 3});
  CHECK(rgb(Pixels::bgr, {1, 2, 3}) == std::vector<int>{3, 2, 1});
  CHECK(rgb(Pixels::rgba, {1, 2, 3, 0}) == std::vector<int>{1, 2, 3});
  CHECK(rgb(Pixels::bgra, {1, 2, 3, 0}) == std::vector<int>{3, 2, 1});
}

TEST_CASE("alpha is laid on white as by Pillow's alpha_composite: rounded to nearest, the whole range") {
  for (int alpha = 0; alpha < 256; ++alpha)
    for (int color = 0; color < 256; ++color) {
      const int exact = (2 * (color * alpha + 255 * (255 - alpha)) + 255) / 510;  // exact halves never occur
      REQUIRE(detail::over_white(static_cast<std::uint32_t>(color), static_cast<std::uint32_t>(alpha)) == exact);
    }
  const std::vector<std::uint8_t> bytes{10, 20, 30, 255, 10, 20, 30, 0, 10, 20, 30, 128};
  const std::vector<int> expected{10, 20, 30, 255, 255, 255, 132, 137, 142};  // computed with Pillow 13.0
  const Image rgba = to_rgb_on_white(Image{3, 1, Pixels::rgba, bytes}),
              bgra = to_rgb_on_white(Image{3, 1, Pixels::bgra, bytes});
  for (std::size_t i = 0; i < 9; ++i) {
    CHECK(rgba.row(0)[i] == expected[i]);
    CHECK(bgra.row(0)[i] == expected[i / 3 * 3 + 2 - i % 3]);
  }
  CHECK(to_rgb_on_white(Image{1, 1, Pixels::gray, {7}}).row(0)[2] == 7);
}

TEST_CASE("16 bits of grey are clipped at 255, as the reference does") {
  for (const auto& [level, expected] :
       {std::pair<std::uint16_t, int>{0, 0}, {255, 255}, {256, 255}, {65535, 255}, {77, 77}}) {
    std::vector<std::uint8_t> bytes(2);
    std::memcpy(bytes.data(), &level, 2);
    CHECK(rgb(Pixels::gray16, bytes) == std::vector<int>{expected, expected, expected});
  }
}

TEST_CASE("CMYK is converted by the formula of light_of_ink, rounded to nearest, for all ink and black values") {
  for (int black = 0; black < 256; ++black)
    for (int ink = 0; ink < 256; ++ink) {
      const int exact = 255 - black - (2 * ink * (255 - black) + 255) / 510;  // exact halves never occur
      REQUIRE(rgb(Pixels::cmyk, {static_cast<std::uint8_t>(ink), 0, 255, static_cast<std::uint8_t>(black)}) ==
              std::vector<int>{exact, 255 - black, 0});
    }
}

TEST_CASE("a converted image keeps its palette flag and all rows, for any stride") {
  const std::uint8_t memory[] = {1, 2, 0, 3, 4, 0};
  const Image gray = Image::view(memory, 2, 2, 3, Pixels::gray);
  const Image image = to_rgb(gray);
  CHECK(!image.palette());
  CHECK(image.row(1)[3] == 4);
  CHECK(to_rgb(Image{1, 1, Pixels::gray, {9}}.as_palette()).palette());
}

#include <clip/plot/heat_map.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <vector>

using namespace clip;

namespace {
Image flat(Index width, Index height, std::uint8_t value) {
  return {width, height, Pixels::rgb, std::vector<std::uint8_t>(static_cast<std::size_t>(3 * width * height), value)};
}
Rgb at(const Image& image, Index x, Index y) {
  const std::uint8_t* const p = image.row(y) + 3 * x;
  return {p[0], p[1], p[2]};
}
}  // namespace

TEST_CASE("heat colours become lighter at every step, and end at both ends") {
  for (int i = 1; i <= 100; ++i) CHECK(heat_color(i / 100.0).luminance() > heat_color((i - 1) / 100.0).luminance());
  CHECK(heat_color(-1) == heat_color(0));
  CHECK(heat_color(2) == heat_color(1));
}

TEST_CASE("a map is resized bilinearly between the centres of its cells") {
  const std::array<float, 4> map{0, 1, 2, 3};  // rows (0, 1) and (2, 3)
  const auto values = resized_map(View<const float>{map.data(), 2, 2}, 4, 4);
  const std::vector<double> along{0, 0.25, 0.75, 1};
  for (std::size_t y = 0; y < 4; ++y)
    for (std::size_t x = 0; x < 4; ++x) CHECK(values[4 * y + x] == doctest::Approx(2 * along[y] + along[x]));
  CHECK(resized_map(View<const float>{map.data() + 3, 1, 1}, 2, 3) == std::vector<double>(6, 3.0));
  CHECK_THROWS_AS(resized_map(View<const float>{map.data(), 0, 2}, 2, 2), ShapeError);
}

TEST_CASE("an overlay mixes the image with the colour of the map, scaled from its smallest to its largest value") {
  const Image image = flat(4, 2, 200);
  const std::array<double, 2> map{5, 7};
  const View<const double> view{map.data(), 1, 2};
  const Image all = overlay(image, view, {.opacity = 1});
  CHECK(at(all, 0, 0) == heat_color(0));
  CHECK(at(all, 3, 1) == heat_color(1));
  CHECK(at(overlay(image, view, {.opacity = 0}), 2, 1) == Rgb{200, 200, 200});
  CHECK(at(overlay(image, view, {.opacity = 0.5}), 3, 0) == mix({200, 200, 200}, heat_color(1), 0.5));
  CHECK(at(overlay(image, view, {.opacity = 1, .low = 3.0, .high = 11.0}), 0, 0) == heat_color(0.25));
  const std::array<double, 2> equal{5, 5};
  CHECK(at(overlay(image, View<const double>{equal.data(), 1, 2}, {.opacity = 1}), 1, 1) == heat_color(0));
  CHECK_THROWS_AS(overlay(Image{1, 1, Pixels::gray, {0}}, view), InputError);
}

TEST_CASE("a contact sheet puts images in rows, with gaps between and none around") {
  const std::vector<Image> images{flat(2, 3, 10), flat(2, 3, 20), Image{}, flat(2, 3, 40)};
  const Image sheet = contact_sheet(images, 3, 1);
  CHECK(sheet.width() == 8);
  CHECK(sheet.height() == 7);
  CHECK(at(sheet, 1, 2) == Rgb{10, 10, 10});
  CHECK(at(sheet, 2, 0) == Rgb{255, 255, 255});
  CHECK(at(sheet, 3, 0) == Rgb{20, 20, 20});
  CHECK(at(sheet, 6, 1) == Rgb{255, 255, 255});
  CHECK(at(sheet, 0, 4) == Rgb{40, 40, 40});
  CHECK(at(enlarged(sheet, 3), 3 * 3 + 2, 2) == Rgb{20, 20, 20});
  CHECK_THROWS_AS(contact_sheet(std::vector<Image>{flat(2, 3, 0), flat(3, 2, 0)}, 2), InputError);
  CHECK_THROWS_AS(contact_sheet(std::vector<Image>{}, 2), InputError);
}

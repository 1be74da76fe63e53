#include <clip/image/read.hpp>
#include <clip/plot/raster.hpp>
#include <clip/plot/series_chart.hpp>

#include "xml.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

using namespace clip;

namespace {
Rgb pixel(const Image& image, Index x, Index y) {
  const std::uint8_t* const p = image.row(y) + 3 * x;
  return {p[0], p[1], p[2]};
}
constexpr Rgb red{255, 0, 0};
}  // namespace

TEST_CASE("shapes cover the pixels inside them, and share those at their edges") {
  Raster raster{20, 10, "", 1};
  raster.rect({2, 3}, 5, 4, red);
  raster.line({10, 0}, {10, 10}, {red, 2});
  const Image image = raster.image();
  CHECK(image.width() == 20);
  for (Index y = 0; y < 10; ++y)
    for (Index x = 0; x < 8; ++x)
      CHECK(pixel(image, x, y) == (x >= 2 && x < 7 && y >= 3 && y < 7 ? red : colors::white));
  CHECK(pixel(image, 9, 5) == red);
  CHECK(pixel(image, 10, 5) == red);
  CHECK(pixel(image, 8, 5) == colors::white);
  CHECK(pixel(image, 11, 5) == colors::white);
}

TEST_CASE("a shape that is half as wide as a pixel covers half of it, once") {
  Raster raster{4, 4, "", 1};
  raster.rect({1, 1}, 0.5, 1, {0, 0, 0});
  CHECK(pixel(raster.image(), 1, 1).red == 128);
  Raster twice{4, 4, "", 1};
  twice.polyline(std::vector<Point>{{0.5, 1.25}, {3.5, 1.25}, {0.5, 1.25}}, {{0, 0, 0}, 1});
  CHECK(pixel(twice.image(), 2, 1).red == 64);  // a line that goes back over itself is not darker
}

TEST_CASE("shapes outside the drawing, and texts of any characters, are no error; numbers that are not finite are") {
  Raster raster{10, 10, "", 1};
  raster.line({-100, -100}, {1000, 50}, {red, 3});
  raster.polygon(std::vector<Point>{{-5, -5}, {50, -5}, {50, 50}}, red);
  raster.text({-3, 5}, "Äß\xFF\x01 世界 ± ~", {.size = 12, .rotation = 33});
  CHECK_THROWS_AS(raster.line({std::nan(""), 0}, {1, 1}, {red, 1}), InputError);
}

TEST_CASE("every printable character of ASCII is drawn, and no two are alike") {
  std::vector<std::vector<std::uint8_t>> drawn;
  for (char c = '!'; c <= '~'; ++c) {
    Raster raster{16, 24, "", 1};
    raster.text({2, 16}, std::string(1, c), {.size = 18});
    std::vector<std::uint8_t> bytes;
    const Image image = raster.image();
    for (Index y = 0; y < 24; ++y) bytes.insert(bytes.end(), image.row(y), image.row(y) + 48);
    CHECK(std::ranges::count(bytes, 255) < static_cast<std::ptrdiff_t>(bytes.size()));
    for (const auto& other : drawn) {
      CAPTURE(c);
      CHECK((other != bytes || c == 'l'));  // l and I are the same line
    }
    drawn.push_back(std::move(bytes));
  }
}

TEST_CASE("a chart has a marker per point, a line per series, a bar per deviation; equal as SVG and as pixels") {
  const SeriesChart chart{.title = "T",
                          .series = {{"star", {{0, 80, 1}}}, {"line", {{1, 81, 0.5}, {2, 83, 0}, {4, 85, 0.5}}}}};
  const auto elements = XmlReader::read(series_chart(chart).document());
  REQUIRE(elements);
  const auto count = [&](const std::string& name) {
    return std::ranges::count(*elements, name, [](const XmlElement& e) { return e.name; });
  };
  CHECK(count("polygon") == 4 + 2);
  CHECK(count("polyline") == 1);
  const Image image = series_chart_image(chart);
  CHECK(image.height() == 860);

  SeriesChart bad = chart;
  bad.series[0].points[0].y = std::numeric_limits<double>::infinity();
  CHECK_THROWS_AS(series_chart(bad), InputError);
  CHECK_THROWS_AS(series_chart({.title = "empty"}), InputError);
  CHECK_NOTHROW(series_chart({.series = {{"one value", {{3, 7}}}}}));
}

#include <clip/plot/line_chart.hpp>

#include "xml.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <sstream>
#include <string>
#include <vector>

using namespace clip;

namespace {
std::vector<Point> points(const XmlElement& polyline) {
  std::vector<Point> all;
  std::istringstream text{polyline.attributes.at("points")};
  char comma = 0;
  for (Point p{}; text >> p.x >> comma >> p.y;) all.push_back(p);
  return all;
}
}  // namespace

TEST_CASE("a line chart draws a point per value, greater values higher, inside the drawing") {
  const std::vector<double> values{5, 4, 4.5, 3, -1};
  const std::string svg = line_chart({.title = "t",
                                      .note = "n",
                                      .x_title = "step",
                                      .y_title = "loss",
                                      .values = values,
                                      .levels = {{"guessing", 5.545}}})
                              .document();
  REQUIRE(XmlReader::read(svg));
  const auto lines = elements(svg, "polyline");
  REQUIRE(lines.size() == 1);
  const auto drawn = points(lines[0]);
  REQUIRE(drawn.size() == values.size());
  for (std::size_t i = 1; i < values.size(); ++i) {
    CHECK(drawn[i].x > drawn[i - 1].x);
    CHECK((drawn[i].y < drawn[i - 1].y) == (values[i] > values[i - 1]));
  }
  for (const Point& p : drawn) {
    CHECK(p.x >= 0);
    CHECK(p.x <= 760);
    CHECK(p.y >= 0);
    CHECK(p.y <= 430);
  }
  CHECK(says(svg, "guessing"));
  CHECK(says(svg, "step"));
}

TEST_CASE("levels are dashed lines inside the chart, even far from all values") {
  const std::string svg =
      line_chart({.title = "", .note = "", .x_title = "", .y_title = "", .values = {1, 2}, .levels = {{"far", 100}}})
          .document();
  int dashed = 0;
  for (const XmlElement& line : elements(svg, "line"))
    if (line.attributes.contains("stroke-dasharray")) {
      ++dashed;
      CHECK(std::stod(line.attributes.at("y1")) >= 0);
      CHECK(line.attributes.at("y1") == line.attributes.at("y2"));
    }
  CHECK(dashed == 1);
}

TEST_CASE("the thick line neither lags nor leads: a straight line does not change") {
  std::vector<double> straight;
  for (int i = 0; i < 20; ++i) straight.push_back(3.0 * i - 7);
  const auto smooth = detail::smoothed(straight, 4);
  REQUIRE(smooth.size() == straight.size());
  for (std::size_t i = 0; i < straight.size(); ++i) CHECK(smooth[i] == doctest::Approx(straight[i]));
  CHECK(detail::smoothed({0, 0, 9, 0, 0}, 1) == std::vector<double>{0, 3, 3, 3, 0});
  CHECK(detail::smoothed({1, 5}, 0) == std::vector<double>{1, 5});
  CHECK(detail::smoothed({}, 3).empty());
}

TEST_CASE("charts without values, with one value and with equal values are valid") {
  for (const std::vector<double>& values : {std::vector<double>{}, {2}, {2, 2, 2}})
    CHECK(XmlReader::read(
        line_chart(
            {.title = "", .note = "", .x_title = "", .y_title = "", .values = values, .smoothing = 3, .levels = {}})
            .document()));
}

TEST_CASE("a value that is not finite is an error") {
  CHECK_THROWS_AS(line_chart({.title = "", .note = "", .x_title = "", .y_title = "", .values = {1, NAN}, .levels = {}}),
                  InputError);
}

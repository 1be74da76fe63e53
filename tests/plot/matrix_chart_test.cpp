#include <clip/plot/matrix_chart.hpp>

#include "xml.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace clip;

namespace {
MatrixLabels labels(std::vector<std::string> rows, std::vector<std::string> columns) {
  return {.title = "a title",
          .note = "a note",
          .rows_title = "down",
          .columns_title = "across",
          .rows = std::move(rows),
          .columns = std::move(columns)};
}
}  // namespace

TEST_CASE("a confusion chart shows every count and every name") {
  const std::vector<double> counts{900, 100, 0, 7, 993, 0};
  const std::string svg =
      confusion_chart(labels({"cat", "dog & co"}, {"cat", "dog & co", "cow"}), {counts.data(), 2, 3}).document();
  REQUIRE(XmlReader::read(svg));
  for (const char* words :
       {"a title", "a note", "down", "across", "cat", "dog & co", "cow", "900", "100", "0", "7", "993"}) {
    CAPTURE(words);
    CHECK(says(svg, words));
  }
  CHECK(elements(svg, "rect").size() == 1 + 6);  // the background and the cells
}

TEST_CASE("in a confusion chart the diagonal cells are blue, the others orange, and more is darker") {
  const std::vector<double> counts{8, 2, 0, 1, 9, 0, 0, 0, 0};
  const auto cells =
      elements(confusion_chart(labels({"a", "b", "c"}, {"a", "b", "c"}), {counts.data(), 3, 3}).document(), "rect");
  REQUIRE(cells.size() == 10);
  const auto fill = [&](std::size_t i) { return cells[1 + i].attributes.at("fill"); };
  CHECK(fill(0) == mix(colors::white, colors::blue, 0.8).css());
  CHECK(fill(4) == mix(colors::white, colors::blue, 0.9).css());
  CHECK(fill(1) == mix(colors::pale, colors::orange, std::sqrt(0.2)).css());
  CHECK(fill(2) == colors::pale.css());
  CHECK(fill(8) == colors::white.css());  // a class without items
}

TEST_CASE("similarities have two decimals and a sign, and zero is pale") {
  const std::vector<double> values{0.5, -0.25, 0.004, -0.004, 1, -1.239};
  const std::string svg =
      similarity_chart(labels({"a", "b"}, {"a rather long sentence", "x", "y"}), {values.data(), 2, 3}).document();
  for (const char* words : {"0.50",
                            "\xE2\x88\x92"
                            "0.25",
                            "0.00", "1.00",
                            "\xE2\x88\x92"
                            "1.24"}) {
    CAPTURE(words);
    CHECK(says(svg, words));
  }
  CHECK_FALSE(says(svg,
                   "\xE2\x88\x92"
                   "0.00"));
  CHECK(elements(svg, "rect").at(1 + 5).attributes.at("fill") == colors::orange.css());
}

TEST_CASE("long column names are rotated and stay inside the drawing") {
  const std::vector<double> values(4);
  const std::string wide(40, 'w');
  const auto all =
      elements(similarity_chart(labels({"a", "b"}, {wide, wide}), {values.data(), 2, 2}).document(), "text");
  int rotated = 0;
  for (const XmlElement& e : all)
    if (e.text == wide) {
      ++rotated;
      CHECK(e.attributes.at("transform").starts_with("rotate(-40"));
      CHECK(std::stod(e.attributes.at("y")) > detail::text_width(wide, 12) * 0.64);
    }
  CHECK(rotated == 2);
}

TEST_CASE("a number of values that differs from the names is an error") {
  const std::vector<double> values(6);
  CHECK_THROWS_WITH_AS(confusion_chart(labels({"a", "b"}, {"a", "b"}), {values.data(), 2, 3}),
                       "confusion_chart: values for the names: expected (2, 2), found (2, 3)", ShapeError);
  CHECK_THROWS_AS(similarity_chart(labels({"a"}, {"a", "b", "c"}), {values.data(), 2, 3}), ShapeError);
}

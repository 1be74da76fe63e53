#include <clip/plot/image_sheet.hpp>

#include "xml.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

using namespace clip;

namespace {
SheetTile tile(const std::string& caption, bool right) {
  return {Image{2, 2, Pixels::gray, {0, 80, 160, 240}}, caption, "50 %", right};
}
}  // namespace

TEST_CASE("a sheet shows every image with its texts, wrong ones apart from right ones") {
  const ImageSheet sheet{.title = "t",
                         .note = "n",
                         .right_means = "good",
                         .wrong_means = "bad",
                         .rows = {{"first <row>", {tile("cat", true), tile("dog", false)}},
                                  {"second", {tile("cow", false), tile("hen", true), tile("fox", true)}}}};
  const std::string svg = image_sheet(sheet).document();
  REQUIRE(XmlReader::read(svg));
  for (const char* words :
       {"t", "n", "good", "bad", "first <row>", "second", "cat", "dog", "cow", "hen", "fox", "50 %"}) {
    CAPTURE(words);
    CHECK(says(svg, words));
  }
  const auto images = elements(svg, "image");
  REQUIRE(images.size() == 5);
  const auto x = [&](std::size_t i) { return std::stod(images[i].attributes.at("x")); };
  CHECK(x(1) == x(2));                 // the wrong tiles of both rows begin in one column
  CHECK(x(1) > std::max(x(0), x(4)));  // right of all right tiles
}

TEST_CASE("a longer caption widens the columns") {
  const auto pitch = [](const std::string& caption) {
    const auto images = elements(
        image_sheet({.title = "", .note = "", .rows = {{"", {tile(caption, true), tile("b", true)}}}}).document(),
        "image");
    return std::stod(images.at(1).attributes.at("x")) - std::stod(images.at(0).attributes.at("x"));
  };
  const std::string longer = "a caption of many letters";
  CHECK(pitch("a") >= 60);
  CHECK(pitch(longer) >= detail::text_width(longer, 11));
}

TEST_CASE("a sheet without rows is a valid drawing") {
  CHECK(XmlReader::read(image_sheet({.title = "t", .note = "", .rows = {}}).document()));
}

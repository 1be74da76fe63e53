#include <clip/image/read.hpp>
#include <clip/plot/svg.hpp>

#include "../io/temporary_folder.hpp"
#include "xml.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

using namespace clip;

namespace {
std::vector<std::byte> from_base64(const std::string& text) {
  const std::string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::vector<std::byte> bytes;
  unsigned bits = 0, count = 0;
  for (char c : text) {
    if (c == '=') break;
    bits = bits << 6 | static_cast<unsigned>(digits.find(c));
    if (count += 6; count >= 8) bytes.push_back(static_cast<std::byte>(bits >> (count -= 8) & 0xFF));
  }
  return bytes;
}
}  // namespace

TEST_CASE("a drawing is well-formed for any text") {
  for (const std::string words : {"plain", "a < b && c > \"d\" 'e'", "</text>", "]]>", "\xC3\xA9t\xC3\xA9", "\xFF\xC3",
                                  "\x01\x1B", "\xEF\xBF\xBF", "", "&amp;", "<!--"}) {
    CAPTURE(words);
    Svg svg{100, 50, words};
    svg.text({1, 2}, words, {.anchor = Anchor::middle, .bold = true, .rotation = 45});
    svg.rect({0, 0}, 5, 5, Rgb{1, 2, 3}, 2);
    svg.line({0, 0}, {1, 1}, {.dashed = true});
    svg.polyline(std::vector<Point>{{0, 0}, {1.5, 2.25}}, {});
    svg.image({0, 0}, 10, 10, Image{2, 1, Pixels::gray, {0, 255}});
    const auto read = XmlReader::read(svg.document());
    REQUIRE(read);
    CHECK(read->front().name == "svg");
    CHECK(read->front().attributes.at("viewBox") == "0 0 100 50");
  }
}

TEST_CASE("the reader of these tests refuses documents that are not well-formed") {
  for (const std::string wrong : {"<svg>", "<svg></svg>x", "<a><b></a></b>", "<a x=1/>", "<a x=\"1\" x=\"2\"/>",
                                  "<a>&nbsp;</a>", "<a>\x01</a>", "<a x=\"<\"/>", ""}) {
    CAPTURE(wrong);
    CHECK_FALSE(XmlReader::read(wrong));
  }
}

TEST_CASE("a text reads back unchanged; characters that XML does not allow become U+FFFD") {
  const auto read_back = [](const std::string& words) {
    Svg svg{10, 10, ""};
    svg.text({0, 0}, words);
    return elements(svg.document(), "text").at(0).text;
  };
  CHECK(read_back("a < b && c > \"d\" 'e'\n") == "a < b && c > \"d\" 'e'\n");
  CHECK(read_back("\xE5\x86\x99\xE7\x9C\x9F \xF0\x9F\x91\x95") == "\xE5\x86\x99\xE7\x9C\x9F \xF0\x9F\x91\x95");
  CHECK(read_back("a\x01z") == "a\xEF\xBF\xBDz");
  CHECK(read_back("a\xFFz") == "a\xEF\xBF\xBDz");
  CHECK(read_back("a\xEF\xBF\xBEz") == "a\xEF\xBF\xBDz");
}

TEST_CASE("an embedded image has the same pixels") {
  const Image image{3, 2, Pixels::rgb, {0, 1, 2, 3, 4, 5, 6, 7, 8, 250, 251, 252, 253, 254, 255, 128, 129, 130}};
  Svg svg{10, 10, ""};
  svg.image({0, 0}, 30, 20, image);
  const std::string link = elements(svg.document(), "image").at(0).attributes.at("href"),
                    head = "data:image/png;base64,";
  REQUIRE(link.starts_with(head));
  const Image back = decode_image(from_base64(link.substr(head.size())));
  REQUIRE(back.width() == 3);
  REQUIRE(back.height() == 2);
  for (Index y = 0; y < 2; ++y)
    for (Index i = 0; i < 9; ++i) CHECK(back.row(y)[i] == image.row(y)[i]);
}

TEST_CASE("base64 matches RFC 4648") {
  const auto encoded = [](std::string_view text) { return detail::base64(as_byte_span(text)); };
  CHECK(encoded("") == "");
  CHECK(encoded("f") == "Zg==");
  CHECK(encoded("fo") == "Zm8=");
  CHECK(encoded("foo") == "Zm9v");
  CHECK(encoded("foobar") == "Zm9vYmFy");
  CHECK(encoded("\xFF\xFE\xFD") == "//79");
}

TEST_CASE("numbers are short, and numbers that are not finite are errors") {
  CHECK(detail::short_number(3) == "3");
  CHECK(detail::short_number(2.5) == "2.5");
  CHECK(detail::short_number(1.005e2) == "100.5");
  CHECK(detail::short_number(-0.001) == "0");
  CHECK(detail::short_number(100, 0) == "100");
  CHECK(detail::short_number(-12.345, 1) == "-12.3");
  Svg svg{10, 10, ""};
  CHECK_THROWS_AS(svg.line({0, NAN}, {1, 1}, {}), InputError);
  CHECK_THROWS_AS(svg.rect({std::numeric_limits<double>::infinity(), 0}, 1, 1, Rgb{}), InputError);
}

TEST_CASE("colours mix from one end to the other and are written in hexadecimal") {
  const Rgb white{255, 255, 255}, blue{27, 88, 160};
  CHECK(mix(white, blue, 0) == white);
  CHECK(mix(white, blue, 1) == blue);
  CHECK(mix(white, blue, -3) == white);
  CHECK(mix(white, blue, 7) == blue);
  CHECK(mix(Rgb{0, 0, 0}, Rgb{200, 100, 50}, 0.5) == Rgb{100, 50, 25});
  CHECK(blue.css() == "#1b58a0");
  CHECK(contrast(white, Rgb{0, 0, 0}) == doctest::Approx(21));
  CHECK(contrast(blue, blue) == 1);
}

TEST_CASE("a drawing is saved to a file; a missing folder is an error that names the file") {
  const TemporaryFolder folder;
  const Svg svg{10, 10, "a title"};
  svg.save(folder / "a.svg");
  CHECK(get(folder / "a.svg") == svg.document());
  const auto failed = svg.try_save(folder / "none/a.svg");
  REQUIRE_FALSE(failed);
  CHECK(failed.error().kind() == ErrorKind::system);
  CHECK(failed.error().place() == folder / "none/a.svg");
  CHECK(folder.entries() == 1);
}

#include <clip/image/decode/pnm.hpp>

#include "../../support/filled_memory.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

using namespace clip;

namespace {
using Values = std::vector<int>;

Result<Image> decoded(const std::string& file) { return PnmDecoder::decode(as_byte_span(file), "x.pnm"); }
Values values(const Image& image) {
  return {image.row(0), image.row(0) + image.height() * image.width() * image.channels()};
}
Values values(const std::string& file) { return values(decoded(file).value()); }
std::string message(const std::string& file) {
  const auto result = decoded(file);
  return result ? "decoded" : result.error().message();
}
}  // namespace

TEST_CASE("PNM: the six kinds, as text and as bytes") {
  for (const std::string& file : {std::string("P1\n3 2\n010\n0 0 0"), "P4\n3 2\n" + std::string("\x40\0", 2),
                                  "P4 3 2 " + std::string("\x5F\x1F")}) {
    const Image image = decoded(file).value();
    CHECK(image.width() == 3);
    CHECK(image.height() == 2);
    CHECK(image.pixels() == Pixels::gray);
    CHECK(image.palette());
    CHECK(values(image) == Values{255, 0, 255, 255, 255, 255});
  }
  for (const std::string& file : {std::string("P2 2 1 255 65 66"), std::string("P5 2 1 255\nAB")}) {
    const Image image = decoded(file).value();
    CHECK(image.pixels() == Pixels::gray);
    CHECK(!image.palette());
    CHECK(values(image) == Values{65, 66});
  }
  for (const std::string& file : {std::string("P3 1 2 255 1 2 3\n4 5 6"), std::string("P6 1 2 255\n\1\2\3\4\5\6")}) {
    const Image image = decoded(file).value();
    CHECK(image.pixels() == Pixels::rgb);
    CHECK(values(image) == Values{1, 2, 3, 4, 5, 6});
  }
}

TEST_CASE("PNM: samples up to another largest are rounded to 0 ... 255, ties to even") {
  for (int largest = 1; largest < 256; ++largest) {
    std::string bytes, text;
    Values expected;
    for (int v = 0; v < 256; ++v) {
      bytes += static_cast<char>(v);
      const int level = std::min(255, static_cast<int>(std::nearbyint(static_cast<double>(v) / largest * 255)));
      expected.push_back(level);
      if (v <= largest) text += std::to_string(v) + "\n";
    }
    CHECK(values("P5 256 1 " + std::to_string(largest) + "\n" + bytes) == expected);
    expected.resize(static_cast<std::size_t>(largest) + 1);
    CHECK(values("P2 1 " + std::to_string(largest + 1) + " " + std::to_string(largest) + "\n" + text) == expected);
  }
  CHECK(values("P5 2 1 2\n\1\2") == Values{128, 255});  // 127.5 is rounded up to an even number
  CHECK(values("P6 1 1 65535\n" + std::string("\0\0\x80\0\xFF\xFF", 6)) == Values{0, 128, 255});
  CHECK(values("P3 1 1 1000 0 500 1000") == Values{0, 128, 255});
}

TEST_CASE("PNM: white space and comments anywhere in the header and in text") {
  const Values expected{1, 2, 255};
  for (const char* file : {"P2 3 1 255 1 2 255", "P2\n# size\n3\t1 # largest\r255\n1\v2\f255\n",
                           "P2\n#\n#\r3 1 255 1 2 25#5\n5", "P2 3 1 255\n1 # one\n2 255# the last"})
    CHECK(values(file) == expected);
  CHECK(values("P1 2 1#\n\n1 # no pixels: 01\n0") == Values{0, 255});
  CHECK(values("P5 1 1 255\n#") == Values{'#'});
}

TEST_CASE("PNM: what the reference refuses is one sentence") {
  CHECK(message("P5 2 1 0\nab") == "x.pnm: PNM: largest sample: expected 1 ... 255, found 0");
  for (const char* largest : {"256", "65535"}) {
    CHECK(message("P5 2 1 " + std::string(largest) + "\nabcd") ==
          "x.pnm: PNM: largest sample: expected 1 ... 255, found " + std::string(largest));
  }
  CHECK(message("P6 1 1 65536\nabcdef") == "x.pnm: PNM: largest sample: expected 1 ... 65535, found 65536");
  CHECK(message("P5 x 1 255\na") == "x.pnm: PNM: width: expected a number of at most 10 digits, found something else");
  CHECK(message("P5 1 -1 255\na") ==
        "x.pnm: PNM: height: expected a number of at most 10 digits, found something else");
  CHECK(message("P6 2 66666666660 255\n") ==
        "x.pnm: PNM: height: expected a number of at most 10 digits, found something else");
  CHECK(message("P6 2 6666666666 255\nabc") == "x.pnm: size: expected 1 ... 2^28 pixels, found 2 x 6666666666");
  CHECK(message("P2 1 1 9 10") == "x.pnm: PNM: sample: expected at most 9, found 10");
  CHECK(message("P1 2 1 0 2") == "x.pnm: PNM: pixel: expected 0 or 1, found something else");
  CHECK(message("P5 3 1 255\nab") ==
        "x.pnm: truncated image: size: expected at most the 2 pixels its bytes can hold, found 3 x 1");
  CHECK(message("P4 9 1\na") ==
        "x.pnm: truncated image: size: expected at most the 8 pixels its bytes can hold, found 9 x 1");
  CHECK(message("P4 3 2\na") == "x.pnm: truncated image");
  CHECK(message("P2 0 1 255 1") == "x.pnm: size: expected 1 ... 2^28 pixels, found 0 x 1");
}

TEST_CASE("PNM: known by the first three bytes; any part of a file is an error; memory does not show") {
  for (const char* other : {"", "P5", "P7 1 1", "P0 1", "P51 1 255 a", "Pf 1 1", "P5#\n1 1 255 a"})
    CHECK(!PnmDecoder::reads(as_byte_span(other)));
  for (const std::string& file :
       {std::string("P1 3 2 010111"), std::string("P2 2 1 5 2 3 "), std::string("P3 1 1 255 1 2 3 "),
        std::string("P4 9 2 abcd"), std::string("P5 2 2 99 abcd"), std::string("P6 1 1 999 abcdef")}) {
    REQUIRE(PnmDecoder::reads(as_byte_span(file)));
    const auto [one, other] = testing::with_filled_memory([&] { return values(file); });
    CHECK(one == other);
    const std::size_t last = file.back() == ' ' ? 1 : 0;
    for (std::size_t n = 0; n + last < file.size(); ++n) CHECK(!decoded(file.substr(0, n)));
  }
}

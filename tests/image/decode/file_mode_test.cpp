#include <clip/image/decode/file_mode.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace clip;
using detail::file_mode;
using detail::FileMode;

namespace {
FileMode mode(const std::string& file) { return file_mode(as_byte_span(file)); }

std::string png(char depth, char type) {
  return std::string("\x89PNG\r\n\x1a\n\0\0\0\x0DIHDR\0\0\0\x01\0\0\0\x01", 24) + depth + type;
}
}  // namespace

TEST_CASE("a PNG's colour type and depth determine whether it has a palette, and its channels") {
  struct Expected {
    char depth, type;
    bool palette;
    int channels;
  };
  for (const Expected& e :
       {Expected{1, 0, true, 1}, Expected{2, 0, false, 1}, Expected{4, 0, false, 1}, Expected{8, 0, false, 1},
        Expected{16, 0, false, 1}, Expected{8, 2, false, 3}, Expected{16, 2, false, 3}, Expected{1, 3, true, 3},
        Expected{8, 3, true, 3}, Expected{8, 4, false, 0}, Expected{16, 4, false, 0}, Expected{8, 6, false, 0},
        Expected{16, 6, false, 0}}) {
    CAPTURE(int{e.depth});
    CAPTURE(int{e.type});
    CHECK(mode(png(e.depth, e.type)).palette == e.palette);
    CHECK(mode(png(e.depth, e.type)).channels == e.channels);
  }
}

TEST_CASE("a PNM's largest sample follows its size, white space and comments") {
  CHECK(mode("P6 2 2 255\nabc").largest_sample == 255);
  CHECK(mode("P5\n# a comment 17\n 2\t2 # another\n65535\nabc").largest_sample == 65535);
  CHECK(mode("P5 2 2 31 ").largest_sample == 31);
  CHECK(mode("P5 2 2 99999999999999999999999999 ").largest_sample > 65535);
  CHECK(mode("P5 2 2").largest_sample == 255);  // the decoder refuses it
}

TEST_CASE("a file is TGA if all fields of its header are consistent") {
  const auto header = [](int map, int type, int first_color, int colors, int map_bits, int bits, int flags) {
    std::string file(18, '\0');
    file[1] = static_cast<char>(map);
    file[2] = static_cast<char>(type);
    file[3] = static_cast<char>(first_color);
    file[5] = static_cast<char>(colors);
    file[7] = static_cast<char>(map_bits);
    file[12] = file[14] = 1;
    file[16] = static_cast<char>(bits);
    file[17] = static_cast<char>(flags);
    return file;
  };
  const auto accepted = [](const std::string& file) { return detail::is_tga(as_byte_span(file)); };
  for (const int runs : {0, 8}) {
    CHECK(accepted(header(0, 2 + runs, 0, 0, 0, 24, 0)));
    CHECK(accepted(header(0, 2 + runs, 0, 0, 0, 32, 0x28)));
    CHECK(accepted(header(0, 3 + runs, 0, 0, 0, 8, 0x10)));
    CHECK(accepted(header(0, 3 + runs, 0, 0, 0, 16, 0)));
    CHECK(accepted(header(1, 1 + runs, 0, 9, 24, 8, 0)));
    CHECK(!accepted(header(0, 2 + runs, 0, 0, 0, 16, 0)));
    CHECK(!accepted(header(0, 2 + runs, 0, 0, 0, 24, 0x40)));
    CHECK(!accepted(header(1, 1 + runs, 1, 9, 24, 8, 0)));
    CHECK(!accepted(header(1, 1 + runs, 0, 0, 24, 8, 0)));
    CHECK(!accepted(header(2, 2 + runs, 0, 0, 0, 24, 0)));
  }
  CHECK(!accepted(header(0, 4, 0, 0, 0, 24, 0)));
  CHECK(!accepted(header(0, 2, 0, 0, 0, 24, 0).substr(0, 17)));
  CHECK(mode(header(0, 2, 0, 0, 0, 24, 0x30)).mirrored);
  CHECK(!mode(header(0, 2, 0, 0, 0, 24, 0x20)).mirrored);
  CHECK(mode(header(1, 9, 0, 9, 24, 8, 0)).palette);
}

TEST_CASE("the capacity of a file follows from its format and length") {
  CHECK(mode("P6 2 2 255\nabc").capacity(300) == 100);
  CHECK(mode("P5 2 2 255\nabc").capacity(300) == 300);
  CHECK(mode(png(8, 6)).capacity(4) == 1040);
  CHECK(mode(png(1, 0)).capacity(1) == 8320);
  CHECK(mode("\xFF\xD8\xFF").capacity(10) == 10240);
}

TEST_CASE("truncated files and other formats have the default mode") {
  for (const std::string& file : {std::string(), std::string("P"), std::string("\xFF\xD8\xFF"), png(8, 3)})
    for (std::size_t n = 0; n < std::min<std::size_t>(file.size(), 26); ++n) {
      CHECK(!mode(file.substr(0, n)).palette);
      CHECK(mode(file.substr(0, n)).channels == 0);
      CHECK(mode(file.substr(0, n)).largest_sample == 255);
    }
}

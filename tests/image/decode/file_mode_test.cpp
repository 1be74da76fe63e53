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

TEST_CASE("the capacity of a file follows from its format and length") {
  CHECK(mode(png(8, 6)).capacity(4) == 1040);
  CHECK(mode(png(1, 0)).capacity(1) == 8320);
  CHECK(mode("\xFF\xD8\xFF").capacity(10) == 10240);
}

TEST_CASE("truncated files and other formats have the default mode") {
  for (const std::string& file : {std::string(), std::string("P"), std::string("\xFF\xD8\xFF"), png(8, 3)})
    for (std::size_t n = 0; n < std::min<std::size_t>(file.size(), 26); ++n) {
      CHECK(!mode(file.substr(0, n)).palette);
      CHECK(mode(file.substr(0, n)).channels == 0);
    }
}

#include <clip/core/printable.hpp>

#include <doctest/doctest.h>

#include <string>

using clip::printable;

TEST_CASE("text without control characters is unchanged") {
  for (const std::string text : {"", "a dog", "ein schöner Hund", "犬", "back\\slash", "\xFF\xC2"})
    CHECK(printable(text) == text);
}

TEST_CASE("control characters are escaped, also those of two bytes") {
  CHECK(printable("a\nb\r\tc") == "a\\nb\\r\\tc");
  CHECK(printable("\x1B[2J") == "\\x1B[2J");
  CHECK(printable(std::string("\0\x7F", 2)) == "\\x00\\x7F");
  CHECK(printable("\xC2\x9B"
                  "31m\xC2\xA0") == "\\xC2\\x9B31m\xC2\xA0");
}

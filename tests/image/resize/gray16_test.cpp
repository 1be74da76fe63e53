#include <clip/image/resize/gray16.hpp>

#include <doctest/doctest.h>

using namespace clip;
using detail::stored_gray16;

TEST_CASE("16-bit values are rounded half away from zero and clamped") {
  CHECK(stored_gray16(0.4, false) == 0);
  CHECK(stored_gray16(0.5, false) == 1);
  CHECK(stored_gray16(65534.5, false) == 65535);
  CHECK(stored_gray16(65800, false) == 65535);
  CHECK(stored_gray16(-300, false) == 0);
}

TEST_CASE("up to Pillow 12.2 the two bytes of a 16-bit value are clamped separately") {
  CHECK(stored_gray16(1000.5, true) == 1001);
  CHECK(stored_gray16(-300, true) == 0);
  CHECK(stored_gray16(65800, true) == 0xFF00 + (65800 & 255));
}

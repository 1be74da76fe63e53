#include <clip/image/resize/order.hpp>

#include <doctest/doctest.h>

using namespace clip;
using detail::vertical_first;

TEST_CASE("Pillow 13 begins with the columns if the height loses more than twice as many pixels as the width") {
  CHECK(vertical_first(Resampling::pillow13, 248, 620, 224, 560));   // 60 and 24
  CHECK(!vertical_first(Resampling::pillow13, 90, 98, 88, 94));      // 4 and 2: exactly twice
  CHECK(!vertical_first(Resampling::pillow13, 640, 480, 298, 224));  // 256 and 342
  CHECK(vertical_first(Resampling::pillow13, 427, 640, 224, 224));   // 416 and 203
}

TEST_CASE("Pillow 13: a width that grows is a negative loss; a height that grows never comes first") {
  CHECK(vertical_first(Resampling::pillow13, 223, 225, 224, 224));
  CHECK(!vertical_first(Resampling::pillow13, 100, 100, 500, 100));
  CHECK(!vertical_first(Resampling::pillow13, 100, 100, 500, 101));
}

TEST_CASE("older Pillows and torchvision always begin with the rows") {
  for (const Resampling resampling : {Resampling::pillow12, Resampling::torchvision})
    CHECK(!vertical_first(resampling, 248, 620, 224, 560));
}

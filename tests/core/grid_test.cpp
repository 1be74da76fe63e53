#include <clip/core/grid.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace clip;

// Output sizes of PyTorch's Conv2d and AvgPool2d.
static_assert(Window{3, 2, 1}.over({1, 224, 224}) == Grid{1, 112, 112});
static_assert(Window{3, 1, 1}.over({2, 7, 5}) == Grid{2, 7, 5});
static_assert(Window{2, 2, 0}.over({3, 7, 8}) == Grid{3, 3, 4});
static_assert(Window{1, 1, 0}.over({4, 6, 6}) == Grid{4, 6, 6});
static_assert(Grid{4, 6, 5}.rows() == 120 && Grid{4, 6, 5}.pixels() == 30);
static_assert(Window{1, 1, 0}.pointwise() && !Window{1, 2, 0}.pointwise() && !Window{3, 1, 1}.pointwise());

TEST_CASE("every position of a window is inside the padded image, and one more step is not") {
  for (Index size = 1; size <= 5; ++size)
    for (Index stride = 1; stride <= 4; ++stride)
      for (Index padding = 0; padding < size; ++padding)
        for (Index length = size; length <= 12; ++length) {
          const Index positions = Window{size, stride, padding}.over({1, length, length}).width;
          CHECK((positions - 1) * stride + size <= length + 2 * padding);
          CHECK(positions * stride + size > length + 2 * padding);
        }
}

TEST_CASE("a window larger than the padded image is a ShapeError") {
  CHECK_THROWS_WITH_AS((void)Window({5, 1, 1}).over({1, 2, 9}), "window: pixels under it: expected 5, found 4",
                       ShapeError);
}

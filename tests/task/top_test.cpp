#include <clip/task/top.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

using namespace clip;

namespace {
const std::vector<float> values{1, 3, -2, 3, NAN, 0, 3};
}

TEST_CASE("the largest values come first, the first of equals before the others") {
  CHECK(top<float>(values, 1) == std::vector<Index>{1});
  CHECK(top<float>(values, 4) == std::vector<Index>{1, 3, 6, 0});
}

TEST_CASE("more than there are is all of them, what is not a number last") {
  CHECK(top<float>(values, 100) == std::vector<Index>{1, 3, 6, 0, 5, 2, 4});
  CHECK(top<float>({}, 3).empty());
}

TEST_CASE("none is not asked for") {
  CHECK_THROWS_WITH_AS(top<float>(values, 0), "top: k: expected 1 or more, found 0", OptionError);
}

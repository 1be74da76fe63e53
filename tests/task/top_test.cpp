#include <clip/task/top.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

using namespace clip;

namespace {
const std::vector<float> values{1, 3, -2, 3, NAN, 0, 3};
}

TEST_CASE("values are in descending order, equal ones by index") {
  CHECK(top<float>(values, 1) == std::vector<Index>{1});
  CHECK(top<float>(values, 4) == std::vector<Index>{1, 3, 6, 0});
}

TEST_CASE("k beyond the count returns all indices, NaN last") {
  CHECK(top<float>(values, 100) == std::vector<Index>{1, 3, 6, 0, 5, 2, 4});
  CHECK(top<float>({}, 3).empty());
}

TEST_CASE("k below 1 is an OptionError") {
  CHECK_THROWS_WITH_AS(top<float>(values, 0), "top: k: expected 1 or more, found 0", OptionError);
}

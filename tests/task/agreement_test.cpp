#include <clip/task/agreement.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <vector>

using namespace clip;

namespace {
Features<float, 2> rows(std::initializer_list<float> values) {
  Features<float, 2> features{static_cast<Index>(values.size()) / 2};
  std::ranges::copy(values, features.values().begin());
  return features;
}
}  // namespace

TEST_CASE("agreement compares directions, row by row and over all batches") {
  Agreement agreement;
  agreement.add(rows({1, 0, 0, 2}), rows({3, 0, 1, 1}));
  agreement.add(rows({1, 1}), rows({-2, -2}));
  REQUIRE(agreement.cosines().size() == 3);
  CHECK(agreement.cosines()[0] == doctest::Approx(1));
  CHECK(agreement.cosines()[1] == doctest::Approx(std::sqrt(0.5)));
  CHECK(agreement.cosines()[2] == doctest::Approx(-1));
  CHECK(agreement.mean_cosine() == doctest::Approx(std::sqrt(0.5) / 3));
  CHECK(agreement.worst() == 2);
  CHECK(agreement.smallest_cosine() == doctest::Approx(-1));
}

TEST_CASE("NaN features are the worst, at any index") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const bool first : {true, false}) {
    Agreement agreement;
    agreement.add(rows({1, 0, 1, 0}), first ? rows({nan, 0, -1, 0}) : rows({-1, 0, nan, 0}));
    CHECK(agreement.worst() == (first ? 0 : 1));
    CHECK(std::isnan(agreement.smallest_cosine()));
  }
}

TEST_CASE("agreement counts equal choices and lists the indices of the others") {
  Agreement agreement;
  CHECK(std::isnan(agreement.same_choices()));
  agreement.add_choices(std::vector<Index>{4, 1, 2}, std::vector<Index>{4, 0, 2});
  agreement.add_choices(std::vector<Index>{7}, std::vector<Index>{8});
  CHECK(agreement.same_choices() == 0.5);
  CHECK(agreement.differing() == std::vector<Index>{1, 3});
}

TEST_CASE("different numbers of rows or choices, and different widths, are errors") {
  Agreement agreement;
  CHECK_THROWS_WITH_AS(agreement.add(rows({1, 0}), rows({1, 0, 0, 1})), "agreement: rows: expected 1, found 2",
                       ShapeError);
  CHECK_THROWS_WITH_AS(agreement.add(rows({1, 0}), Features<float, 3>{1}),
                       "agreement: feature width: expected 2, found 3", ShapeError);
  CHECK_THROWS_AS(agreement.add_choices(std::vector<Index>{1}, {}), ShapeError);
  CHECK_THROWS_AS(agreement.worst(), InputError);
}

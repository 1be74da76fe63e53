#include <clip/core/unit_row.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

using namespace clip;

TEST_CASE("unit row: rows whose squares leave the range have unit length") {
  for (const float scale : {1e38f, 3e-30f, 1e-40f}) {
    const std::vector<float> x{3 * scale, 0, -2.5f * scale};
    std::vector<float> y(3);
    CHECK(detail::out_of_range(x[0] * x[0] + x[2] * x[2]));
    const float length = detail::scaled_unit_row(x.data(), y.data(), 3);
    CHECK(y[0] == doctest::Approx(3 / std::sqrt(15.25)));
    CHECK(y[1] == 0);
    CHECK(y[2] == doctest::Approx(-2.5 / std::sqrt(15.25)));
    if (scale < 1) CHECK(length / scale == doctest::Approx(std::sqrt(15.25)).epsilon(1e-4));
  }
}

TEST_CASE("unit row: ordinary sums are in range; zeros and rows that are not finite give NaN") {
  CHECK(!detail::out_of_range(1.0f));
  CHECK(!detail::out_of_range(1e-30f));
  CHECK(!detail::out_of_range(3e38f));
  CHECK(!detail::out_of_range(std::numeric_limits<float>::quiet_NaN()));
  const float infinity = std::numeric_limits<float>::infinity();
  for (const auto& x : {std::vector<float>{0, 0}, std::vector<float>{1, infinity}}) {
    std::vector<float> y(2);
    detail::scaled_unit_row(x.data(), y.data(), 2);
    CHECK((std::isnan(y[0]) || std::isnan(y[1])));
  }
}

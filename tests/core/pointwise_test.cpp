#include <clip/core/pointwise.hpp>
#include <clip/core/scalar.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <string>

using namespace clip;

TEST_CASE_TEMPLATE("a slope is the derivative of its function", F, fn::Identity, fn::QuickGelu, fn::Gelu, fn::GeluTanh,
                   fn::Times, fn::Affinity) {
  constexpr double h = ScalarTraits<double>::difference_step;
  const F f;
  for (double x = -8; x <= 8; x += 0.125) {
    INFO(std::string(F::name), " at ", x);
    CHECK(std::abs((f(x + h) - f(x - h)) / (2 * h) - f.slope(x)) < ScalarTraits<double>::difference_tolerance);
  }
}

TEST_CASE("activations match their formulas") {
  for (double x = -6; x <= 6; x += 0.5) {
    CHECK(fn::QuickGelu{}(x) == doctest::Approx(x / (1 + std::exp(-1.702 * x))));
    CHECK(fn::Gelu{}(x) == doctest::Approx(x * 0.5 * std::erfc(-x / std::sqrt(2.0))));
    CHECK(fn::GeluTanh{}(x) ==
          doctest::Approx(0.5 * x * (1 + std::tanh(std::sqrt(2 / std::acos(-1.0)) * (x + 0.044715 * x * x * x)))));
  }
}

TEST_CASE("relu keeps positive values and NaN; its slope at 0 is 0") {
  CHECK(fn::Relu{}(2.5) == 2.5);
  CHECK(fn::Relu{}(-2.5) == 0);
  CHECK(std::isnan(fn::Relu{}(std::nan(""))));
  CHECK(fn::Relu{}.slope(1e-30f) == 1);
  CHECK(fn::Relu{}.slope(0.0) == 0);
  CHECK(fn::Relu{}.slope(-1.0) == 0);
}

TEST_CASE_TEMPLATE("activations stay finite far from zero", F, fn::Relu, fn::QuickGelu, fn::Gelu, fn::GeluTanh) {
  for (float x : {-1e4f, -200.0f, 200.0f, 1e4f}) {
    INFO(std::string(F::name), " at ", x);
    CHECK(F{}(x) == (x > 0 ? x : doctest::Approx(0)));
    CHECK(F{}.slope(x) == doctest::Approx(x > 0 ? 1 : 0));
  }
}

#include <clip/optim/clip_norm.hpp>

#include <clip/backend/cpu.hpp>
#include <clip/backend/naive.hpp>

#include "weights.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

using namespace clip;
using namespace clip::testing;

namespace {
template <class B>
struct Some {
  NamedWeights<B> weights = [] {
    NamedWeights<B> w;
    w.add("a", {2}, {0, 0});
    w.add("b", {1, 2}, {0, 0});
    w.add("none", {2}, {0, 0});
    return w;
  }();
  Parameters<B> parameters{weights};
  Some() {
    give_gradient(parameters, "none", {100, 100});
    parameters.clear_gradients();
    give_gradient(parameters, "a", {3, 0});
    give_gradient(parameters, "b", {0, -4});
  }
  double gradient(const char* name, Index j) { return parameters.find(name)->gradient(0, j); }
};
}  // namespace

TEST_CASE_TEMPLATE("gradient norm: covers all computed gradients", B, Naive<double>, Cpu<double>) {
  Some<B> some;
  CHECK(gradient_norm(some.parameters) == doctest::Approx(5).epsilon(1e-15));
}

TEST_CASE_TEMPLATE("clipping: gradients above the limit are scaled to it and keep their direction", B, Naive<double>,
                   Cpu<double>) {
  Some<B> some;
  CHECK(clip_gradient_norm(some.parameters, 2.0) == doctest::Approx(5).epsilon(1e-15));
  CHECK(gradient_norm(some.parameters) == doctest::Approx(2).epsilon(1e-6));
  CHECK(some.gradient("a", 0) == doctest::Approx(3 * 2 / (5 + 1e-6)).epsilon(1e-14));
  CHECK(some.gradient("b", 1) == doctest::Approx(-4 * 2 / (5 + 1e-6)).epsilon(1e-14));
  CHECK(some.gradient("none", 0) == 100);
}

TEST_CASE("clipping: gradients below the limit do not change, bit for bit") {
  Some<Naive<double>> some;
  CHECK(clip_gradient_norm(some.parameters, 6.0) == 5);
  CHECK(some.gradient("a", 0) == 3);
  CHECK(some.gradient("b", 1) == -4);
}

TEST_CASE("clipping: an invalid limit is an error") {
  Some<Naive<double>> some;
  CHECK_THROWS_WITH_AS(clip_gradient_norm(some.parameters, 0),
                       "clip_gradient_norm: largest norm: expected above 0, found 0", OptionError);
  CHECK_THROWS_AS(clip_gradient_norm(some.parameters, -1), OptionError);
  CHECK_THROWS_AS(clip_gradient_norm(some.parameters, std::numeric_limits<double>::quiet_NaN()), OptionError);
  CHECK(some.gradient("a", 0) == 3);
}

// A linear probe on a backend that is given.
#include <clip/learn/linear_probe.hpp>

#include "../support/counting.hpp"

#include <doctest/doctest.h>

using namespace clip;

TEST_CASE("a probe's scores are computed where the model is") {
  LinearProbe<> probe{.classes = {3, 5, 9}, .width = 4, .coefficients = {}, .intercepts = {0.5, -1, 2}};
  for (int i = 0; i < 12; ++i) probe.coefficients.push_back(0.25 * i - 1);
  Features<float, dyn> features{2, 4};
  for (std::size_t i = 0; i < 8; ++i) features.values()[i] = static_cast<float>(i) - 3;
  testing::Counting<float> device;
  const auto there = probe.scores(device, features), here = probe.scores(features);
  CHECK(device.calls().count("linear") == 1);
  for (Index i = 0; i < 2; ++i)
    for (Index c = 0; c < 3; ++c) {
      double expected = probe.intercepts[static_cast<std::size_t>(c)];
      for (Index j = 0; j < 4; ++j)
        expected +=
            probe.coefficients[static_cast<std::size_t>(c * 4 + j)] * static_cast<double>(features.view()(i, j));
      CHECK(there.view()(i, c) == doctest::Approx(expected));
      CHECK(here.view()(i, c) == doctest::Approx(expected));
    }
}

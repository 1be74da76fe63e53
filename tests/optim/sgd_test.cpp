#include <clip/optim/sgd.hpp>

#include <clip/backend/cpu.hpp>
#include <clip/backend/naive.hpp>

#include "weights.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

using namespace clip;
using namespace clip::testing;

TEST_CASE_TEMPLATE("SGD: three steps with momentum equal PyTorch's", B, Naive<double>, Cpu<double>) {
  NamedWeights<B> weights;
  weights.add("p", {2}, {1, -2});
  Parameters parameters{weights};
  Sgd optimizer{parameters, {.learning_rate = 0.1f, .momentum = 0.9f, .weight_decay = 5e-4f}};
  const double expected[3][2] = {{0.96995, -1.9899}, {0.9128565025, -1.9607105050}, {0.8314267119, -1.9043419240}};
  double p[2] = {1, -2}, v[2] = {};
  const double lr = 0.1f, mu = 0.9f, wd = 5e-4f;
  for (int k = 1; k <= 3; ++k) {
    const std::vector<double> g{0.3, -0.1 * k};
    give_gradient(parameters, "p", g);
    optimizer.step();
    const auto found = values_of(parameters, "p");
    for (std::size_t i = 0; i < 2; ++i) {
      v[i] = (k == 1 ? 0 : mu * v[i]) + g[i] + wd * p[i];
      p[i] -= lr * v[i];
      CHECK(std::abs(found[i] - p[i]) < 1e-15);
      CHECK(std::abs(found[i] - expected[k - 1][i]) < 2e-8);  // options are floats: 0.1f is not exactly 0.1
    }
  }
  CHECK(optimizer.steps() == 3);
}

TEST_CASE(
    "SGD: without momentum and decay a step is p - lr g; ranges hold; weights that are frozen or have no gradient "
    "stay") {
  NamedWeights<Naive<double>> weights;
  weights.add("a", {2}, {1, 2});
  weights.add("b", {1}, {5}, {-1, 1});
  weights.add("untouched", {1}, {3});
  Parameters parameters{weights};
  Sgd optimizer{parameters, {.learning_rate = 0.5f, .momentum = 0, .weight_decay = 0}};
  for (int k = 0; k < 2; ++k) {
    give_gradient(parameters, "a", {2, -4});
    give_gradient(parameters, "b", {k == 0 ? -1.0 : 100.0});
    optimizer.step();
    CHECK(values_of(parameters, "b")[0] == (k == 0 ? 1 : -1));
  }
  CHECK(values_of(parameters, "a") == std::vector<double>{-1, 6});
  CHECK(values_of(parameters, "untouched")[0] == 3);
}

TEST_CASE("SGD: an invalid option is an error that names it") {
  NamedWeights<Naive<double>> weights;
  weights.add("p", {1}, {1});
  Parameters parameters{weights};
  constexpr float nan = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_WITH_AS((Sgd{parameters, {.momentum = 1}}), "sgd: momentum: expected from 0 to below 1, found 1",
                       OptionError);
  for (const float bad : {-1.0f, nan}) {
    CHECK_THROWS_AS((Sgd{parameters, {.learning_rate = bad}}), OptionError);
    CHECK_THROWS_AS((Sgd{parameters, {.momentum = bad}}), OptionError);
    CHECK_THROWS_AS((Sgd{parameters, {.weight_decay = bad}}), OptionError);
  }
}

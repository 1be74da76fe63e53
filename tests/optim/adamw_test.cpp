#include <clip/optim/adamw.hpp>

#include <clip/backend/cpu.hpp>
#include <clip/backend/naive.hpp>

#include "weights.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

using namespace clip;
using namespace clip::testing;

namespace {
constexpr AdamwOptions rough{
    .learning_rate = 0.1f, .beta1 = 0.9f, .beta2 = 0.98f, .epsilon = 1e-6f, .weight_decay = 0.2f, .decays = decay_all};
}

TEST_CASE_TEMPLATE("AdamW: three steps equal PyTorch's", B, Naive<double>, Cpu<double>) {
  NamedWeights<B> weights;
  weights.add("p", {3}, {1, -2, 0.5});
  Parameters parameters{weights};
  AdamW optimizer{parameters, rough};
  const double expected[3][3] = {{0.8800003333, -1.8600010000, 0.3900049998},
                                 {0.7624006600, -1.7265601007, 0.2822098995},
                                 {0.6471529801, -1.5967506452, 0.1765706713}};
  for (int k = 1; k <= 3; ++k) {
    give_gradient(parameters, "p", {0.3, -0.1 * k, 0.02});
    optimizer.step();
    const auto p = values_of(parameters, "p");
    for (std::size_t i = 0; i < 3; ++i)
      CHECK(std::abs(p[i] - expected[k - 1][i]) < 5e-8);  // options are floats: 0.1f is not exactly 0.1
  }
  CHECK(optimizer.steps() == 3);
}

TEST_CASE_TEMPLATE("AdamW: every step equals the formula in double", B, Naive<double>, Cpu<double>) {
  NamedWeights<B> weights;
  weights.add("p", {2, 2}, {1, -2, 0.5, 0});
  Parameters parameters{weights};
  AdamW optimizer{parameters, rough};
  const double lr = 0.1f, b1 = 0.9f, b2 = 0.98f, eps = 1e-6f, wd = 0.2f;
  double p[4] = {1, -2, 0.5, 0}, m[4] = {}, v[4] = {};
  for (int t = 1; t <= 5; ++t) {
    const std::vector<double> g{0.3 / t, -1e-3, 1e3 * t, 0};
    give_gradient(parameters, "p", g);
    optimizer.step();
    const auto found = values_of(parameters, "p");
    for (std::size_t i = 0; i < 4; ++i) {
      m[i] = b1 * m[i] + (1 - b1) * g[i];
      v[i] = b2 * v[i] + (1 - b2) * g[i] * g[i];
      p[i] =
          p[i] - lr * wd * p[i] - lr * (m[i] / (1 - std::pow(b1, t))) / (std::sqrt(v[i] / (1 - std::pow(b2, t))) + eps);
      CHECK(std::abs(found[i] - p[i]) < 1e-14);
    }
  }
}

TEST_CASE("AdamW: decay depends on name and shape, and only weights with a gradient move") {
  NamedWeights<Naive<double>> weights;
  weights.add("visual.proj", {2, 2}, {1, 1, 1, 1});
  weights.add("visual.ln_pre.weight", {2}, {1, 1});
  weights.add("text_projection", {1, 2}, {1, 1});
  Parameters parameters{weights};
  AdamW optimizer{parameters, {.learning_rate = 0.5f, .weight_decay = 0.5f}};
  give_gradient(parameters, "visual.proj", {0, 0, 0, 0});
  give_gradient(parameters, "visual.ln_pre.weight", {0, 0});
  optimizer.step();
  CHECK(values_of(parameters, "visual.proj") == std::vector<double>(4, 0.75));
  CHECK(values_of(parameters, "visual.ln_pre.weight") == std::vector<double>{1, 1});
  CHECK(values_of(parameters, "text_projection") == std::vector<double>{1, 1});
}

TEST_CASE("AdamW: a step clears the gradients") {
  NamedWeights<Naive<double>> weights;
  weights.add("p", {2}, {1, 2});
  Parameters parameters{weights};
  AdamW optimizer{parameters};
  give_gradient(parameters, "p", {1, 1});
  optimizer.step();
  const auto moved = values_of(parameters, "p");
  CHECK(moved[0] < 1);
  CHECK(parameters.find("p")->fresh);
  optimizer.step();
  CHECK(values_of(parameters, "p") == moved);
}

TEST_CASE("AdamW: frozen weights do not change") {
  NamedWeights<Naive<double>> weights;
  weights.add("a", {1}, {1});
  weights.add("b", {1}, {1});
  Parameters parameters{weights, only("a")};
  AdamW optimizer{parameters};
  give_gradient(parameters, "a", {1});
  optimizer.step();
  Parameters all{weights};
  CHECK(values_of(all, "a")[0] < 1);
  CHECK(values_of(all, "b")[0] == 1);
}

TEST_CASE_TEMPLATE("AdamW: logit_scale stays within its range", B, Naive<double>, Cpu<double>) {
  NamedWeights<B> weights;
  weights.add("logit_scale", {}, {4.6}, {0, std::log(100.0)});
  weights.add("free", {1}, {4.6});
  Parameters parameters{weights};
  AdamW optimizer{parameters, {.learning_rate = 1}};
  const auto step = [&](double gradient) {
    give_gradient(parameters, "logit_scale", {gradient});
    give_gradient(parameters, "free", {gradient});
    optimizer.step();
  };
  step(-1);
  CHECK(values_of(parameters, "logit_scale")[0] == std::log(100.0));
  CHECK(values_of(parameters, "free")[0] > 5);
  for (int i = 0; i < 40; ++i) step(1);
  CHECK(values_of(parameters, "logit_scale")[0] == 0);
  CHECK(values_of(parameters, "free")[0] < 0);
}

TEST_CASE("AdamW: the number of steps and the states are sufficient to resume") {
  NamedWeights<Naive<double>> weights, again;
  weights.add("p", {2}, {1, 2});
  Parameters first{weights};
  AdamW optimizer{first};
  const auto step = [](auto& parameters, auto& taken, int k) {
    give_gradient(parameters, "p", {0.1 * k, -1.0 / k});
    taken.step();
  };
  for (int k = 1; k <= 3; ++k) step(first, optimizer, k);
  again.add("p", {2}, values_of(first, "p"));
  Parameters second{again};
  AdamW resumed{second};
  for (const char* name : {"exp_avg", "exp_avg_sq"})
    for (Index j = 0; j < 2; ++j)
      second.state(name).of(second.entries()[0])(0, j) = first.state(name).of(first.entries()[0])(0, j);
  resumed.set_steps(optimizer.steps());
  for (int k = 4; k <= 6; ++k) {
    step(first, optimizer, k);
    step(second, resumed, k);
    CHECK(values_of(first, "p") == values_of(second, "p"));
  }
}

TEST_CASE("AdamW: an invalid option is an error that names it") {
  NamedWeights<Naive<double>> weights;
  weights.add("p", {1}, {1});
  Parameters parameters{weights};
  constexpr float nan = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_WITH_AS((AdamW{parameters, {.learning_rate = -1}}),
                       "adamw: learning_rate: expected from 0 to below 1e+06, found -1", OptionError);
  CHECK_THROWS_WITH_AS((AdamW{parameters, {.beta1 = 1}}), "adamw: beta1: expected from 0 to below 1, found 1",
                       OptionError);
  for (const float bad : {-0.5f, 1.0f, 7.0f, nan}) {
    CHECK_THROWS_AS((AdamW{parameters, {.beta1 = bad}}), OptionError);
    CHECK_THROWS_AS((AdamW{parameters, {.beta2 = bad}}), OptionError);
    CHECK_THROWS_AS((AdamW{parameters, {.epsilon = bad}}), OptionError);
  }
  for (const float bad : {-0.5f, nan, std::numeric_limits<float>::infinity()}) {
    CHECK_THROWS_AS((AdamW{parameters, {.learning_rate = bad}}), OptionError);
    CHECK_THROWS_AS((AdamW{parameters, {.weight_decay = bad}}), OptionError);
  }
}

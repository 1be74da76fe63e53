#include <clip/loss/sigmoid.hpp>

#include <clip/autograd/inference.hpp>
#include <clip/autograd/tape.hpp>
#include <clip/backend/naive.hpp>
#include <clip/core/rng.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <numeric>
#include <vector>

using namespace clip;

namespace {
template <class T>
using Values = std::vector<T>;

template <class T>
struct Outcome {
  double loss;
  Values<T> image, text;  // gradients
  double scale, bias;     // gradients
};

/// The model of the loss: its similarity alone.
template <class T>
struct OnlySimilarity {
  Similarity<Naive<T>> similarity{true};
  OnlySimilarity(double temperature, double bias) {
    *similarity.logit_scale.data = static_cast<T>(std::log(temperature));
    *similarity.logit_bias.data = static_cast<T>(bias);
  }
  Naive<T>& backend() { return similarity.backend(); }
  static void members(auto& self, auto&& visit) { visit("", self.similarity); }
};

template <class T>
Outcome<T> outcome(const Values<T>& image, const Values<T>& text, Index n, std::vector<std::int32_t> groups = {},
                   double temperature = 10, double bias = -5) {
  if (groups.empty()) {
    groups.resize(static_cast<std::size_t>(n));
    std::iota(groups.begin(), groups.end(), 0);
  }
  OnlySimilarity<T> model{temperature, bias};
  Parameters parameters{model};
  Tape tape{parameters};
  const Index width = static_cast<Index>(image.size()) / n;
  const auto leaf = [&](const Values<T>& values) {
    const Rows<Tape<Naive<T>>, dyn> x = tape.allocate(n, Size<dyn>{width});
    tape.backend().upload(std::span<const T>(values), x.view);
    return tape.leaf(x);
  };
  const auto i = leaf(image), t = leaf(text);
  const auto loss = sigmoid_loss(tape, i, t, model.similarity, Ids{groups});
  tape.backward(loss);
  const auto copy = [&](View<const T> view) {
    Values<T> values(static_cast<std::size_t>(view.count()));
    tape.backend().download(view, std::span<T>(values));
    return values;
  };
  return {value_of(tape, loss), copy(tape.gradient_of(i)), copy(tape.gradient_of(t)),
          static_cast<double>(*parameters.entries()[0].gradient.data),
          static_cast<double>(*parameters.entries()[1].gradient.data)};
}

/// The formula, pair by pair.
double formula(Values<double> image, Values<double> text, Index n, const std::vector<std::int32_t>& groups,
               double temperature, double bias) {
  const Index width = static_cast<Index>(image.size()) / n;
  for (Values<double>* rows : {&image, &text})
    for (Index i = 0; i < n; ++i) {
      double* const row = rows->data() + i * width;
      const double length = std::sqrt(std::inner_product(row, row + width, row, 0.0));
      for (Index k = 0; k < width; ++k) row[k] /= length;
    }
  double sum = 0;
  for (Index i = 0; i < n; ++i)
    for (Index j = 0; j < n; ++j) {
      const double cosine =
          std::inner_product(image.data() + i * width, image.data() + (i + 1) * width, text.data() + j * width, 0.0);
      const double z = temperature * cosine + bias;
      const bool pair = groups[static_cast<std::size_t>(i)] == groups[static_cast<std::size_t>(j)];
      sum += std::log1p(std::exp(pair ? -z : z));
    }
  return sum / static_cast<double>(n);
}

template <class T = double>
Values<T> table(Index count, const std::function<double(Index)>& f) {
  Values<T> values(static_cast<std::size_t>(count));
  for (Index k = 0; k < count; ++k) values[static_cast<std::size_t>(k)] = static_cast<T>(f(k));
  return values;
}
template <class T = double>
Values<T> random_rows(const char* name, Index count) {
  Rng rng = Rng{7}.fork(name);
  return table<T>(count, [&](Index) { return rng.normal(); });
}
}  // namespace

TEST_CASE("sigmoid loss: the reference value of four pairs") {
  const auto image = table(24, [](Index k) { return std::sin(static_cast<double>(k + 1)); });
  const auto text = table(24, [](Index k) { return std::cos(static_cast<double>(k + 1) / 2); });
  CHECK(std::abs(outcome(image, text, 4).loss - 12.117713249) < 1e-9);
}

TEST_CASE("sigmoid loss: gradients match finite differences, with and without equal captions") {
  for (const std::vector<std::int32_t>& groups : {std::vector<std::int32_t>{0, 1, 2, 3}, {0, 1, 0, 2}}) {
    auto image = random_rows("image", 12), text = random_rows("text", 12);
    const auto exact = outcome(image, text, 4, groups);
    CHECK(std::abs(exact.loss - formula(image, text, 4, groups, 10, -5)) < 1e-12);
    constexpr double h = 1e-6;
    const auto slope = [&](double& x) {
      const double before = x;
      x = before + h;
      const double above = formula(image, text, 4, groups, 10, -5);
      x = before - h;
      const double below = formula(image, text, 4, groups, 10, -5);
      x = before;
      return (above - below) / (2 * h);
    };
    for (std::size_t k = 0; k < 12; ++k) {
      CHECK(std::abs(slope(image[k]) - exact.image[k]) < 1e-7);
      CHECK(std::abs(slope(text[k]) - exact.text[k]) < 1e-7);
    }
    const auto at = [&](double log_scale, double bias) {
      return formula(image, text, 4, groups, std::exp(log_scale), bias);
    };
    const double s = std::log(10.0);
    CHECK(std::abs((at(s + h, -5) - at(s - h, -5)) / (2 * h) - exact.scale) < 1e-7);
    CHECK(std::abs((at(s, -5 + h) - at(s, -5 - h)) / (2 * h) - exact.bias) < 1e-7);
  }
}

TEST_CASE("sigmoid loss: several blocks give the sum over all pairs") {
  constexpr Index n = 1100;  // 953 rows make a block of 2^20 pairs
  const auto image = random_rows("image", 2 * n), text = random_rows("text", 2 * n);
  std::vector<std::int32_t> groups(n);
  for (Index i = 0; i < n; ++i) groups[static_cast<std::size_t>(i)] = static_cast<std::int32_t>(i % 700);
  const auto blocks = outcome(image, text, n, groups);
  CHECK(std::abs(blocks.loss - formula(image, text, n, groups, 10, -5)) < 1e-9);
  // Row n - 1 belongs to the second block: its gradient is that of the formula.
  auto changed = image;
  constexpr double h = 1e-5;
  changed[2 * n - 1] += h;
  const double above = formula(changed, text, n, groups, 10, -5);
  changed[2 * n - 1] -= 2 * h;
  const double below = formula(changed, text, n, groups, 10, -5);
  CHECK(std::abs((above - below) / (2 * h) - blocks.image[2 * n - 1]) < 1e-6);
}

TEST_CASE("sigmoid loss: a pair that is certain still has a gradient in float") {
  const Values<float> image{1, 0, 0, 1}, text = image;
  const auto certain = outcome<float>(image, text, 2, {}, 40, -20);  // logits 20 and -20
  const double expected = 2 * std::log1p(std::exp(-20.0));  // one positive and one negative for each image
  CHECK(std::abs(certain.loss / expected - 1) < 1e-5);
  // d/ds of the two positives, whose cosine is 1; the others' is 0. A subtraction from 1 would give 0.
  CHECK(std::abs(certain.scale / (-40 * std::exp(-20.0)) - 1) < 1e-4);
}

TEST_CASE("sigmoid loss: a model without a bias is refused") {
  const Similarity<Naive<double>> plain;
  Inference<Naive<double>> cx;
  const Rows<Inference<Naive<double>>, dyn> x = cx.allocate(2, Size<dyn>{3});
  CHECK_THROWS_WITH_AS(sigmoid_loss(cx, x, x, plain), "sigmoid_loss: a model whose similarities have a bias (ClipConfig::logit_bias)",
                       OptionError);
}

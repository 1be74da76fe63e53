#include <clip/loss/contrastive.hpp>

#include <clip/autograd/inference.hpp>
#include <clip/autograd/tape.hpp>
#include <clip/backend/naive.hpp>
#include <clip/core/rng.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <numeric>
#include <vector>

using namespace clip;

namespace {
using B = Naive<double>;
using Values = std::vector<double>;

/// The only weight of the loss.
struct Temperature {
  explicit Temperature(double log_scale) : value{log_scale} { logit_scale.data = &value; }
  double value;
  Parameter<double> logit_scale{{}, Init::zeros()};
  B backend_;
  B& backend() { return backend_; }
  static void members(auto& self, auto&& visit) { visit("logit_scale", self.logit_scale); }
};

struct Outcome {
  double loss;
  Values image, text;  // gradients
  double scale;        // gradient of logit_scale
};

/// The loss of n pairs and its gradients with respect to all inputs.
Outcome outcome(const Values& image, const Values& text, Index n, const std::vector<std::int32_t>& groups,
                double log_scale = std::log(10.0)) {
  Temperature temperature{log_scale};
  Parameters parameters{temperature};
  Tape tape{parameters};
  const Index width = static_cast<Index>(image.size()) / n;
  const auto leaf = [&](const Values& values) {
    const Rows<Tape<B>, dyn> x = tape.allocate(n, Size<dyn>{width});
    tape.backend().upload(std::span<const double>(values), x.view);
    return tape.leaf(x);
  };
  const auto i = leaf(image), t = leaf(text);
  const auto loss = groups.empty() ? contrastive(tape, i, t, temperature.logit_scale)
                                   : contrastive(tape, i, t, temperature.logit_scale, Ids{groups});
  tape.backward(loss);
  const auto copy = [&](View<const double> view) {
    Values values(static_cast<std::size_t>(view.count()));
    tape.backend().download(view, std::span<double>(values));
    return values;
  };
  return {value_of(tape, loss), copy(tape.gradient_of(i)), copy(tape.gradient_of(t)),
          *parameters.entries()[0].gradient.data};
}
double loss(const Values& image, const Values& text, Index n, const std::vector<std::int32_t>& groups = {},
            double log_scale = std::log(10.0)) {
  return outcome(image, text, n, groups, log_scale).loss;
}

Values table(Index count, const std::function<double(Index)>& f) {
  Values values(static_cast<std::size_t>(count));
  for (Index k = 0; k < count; ++k) values[static_cast<std::size_t>(k)] = f(k);
  return values;
}
Values random_rows(const char* name, Index count) {
  Rng rng = Rng{7}.fork(name);
  return table(count, [&](Index) { return rng.normal(); });
}
doctest::Approx near(double x) { return doctest::Approx(x).epsilon(1e-12).scale(1); }
void check_near(const Values& a, const Values& b, double tolerance = 1e-12) {
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) CHECK(std::abs(a[i] - b[i]) <= tolerance);
}
}  // namespace

TEST_CASE("contrastive: the reference value of four pairs") {
  const Values image = table(24, [](Index k) { return std::sin(static_cast<double>(k + 1)); });
  const Values text = table(24, [](Index k) { return std::cos(static_cast<double>(k + 1) / 2); });
  CHECK(std::abs(loss(image, text, 4) - 5.311883942) < 1e-9);
}

TEST_CASE("contrastive: it is symmetric in images and texts") {
  const Values image = random_rows("image", 40), text = random_rows("text", 40);
  for (const auto& groups : {std::vector<std::int32_t>{}, {0, 1, 0, 2, 2, 0, 3, 4}}) {
    const Outcome forth = outcome(image, text, 8, groups), back = outcome(text, image, 8, groups);
    CHECK(forth.loss == near(back.loss));
    CHECK(forth.scale == near(back.scale));
    check_near(forth.image, back.text);
    check_near(forth.text, back.image);
  }
}

TEST_CASE("contrastive: gradients match finite differences, with and without equal captions") {
  for (const auto& groups : {std::vector<std::int32_t>{}, {0, 1, 0, 2}}) {
    Values image = random_rows("image", 12), text = random_rows("text", 12);
    const Outcome exact = outcome(image, text, 4, groups);
    constexpr double h = 1e-5;
    const auto check = [&](double& x, double gradient) {
      const double before = x;
      x = before + h;
      const double above = loss(image, text, 4, groups);
      x = before - h;
      const double below = loss(image, text, 4, groups);
      x = before;
      CHECK(std::abs((above - below) / (2 * h) - gradient) < 2e-7);
    };
    for (std::size_t i = 0; i < 12; ++i) {
      check(image[i], exact.image[i]);
      check(text[i], exact.text[i]);
    }
    const double above = loss(image, text, 4, groups, std::log(10.0) + h),
                 below = loss(image, text, 4, groups, std::log(10.0) - h);
    CHECK(std::abs((above - below) / (2 * h) - exact.scale) < 2e-7);
  }
}

TEST_CASE("contrastive: the loss does not depend on feature lengths, so gradients are orthogonal to features") {
  Values image = random_rows("image", 20), text = random_rows("text", 20);
  const Outcome before = outcome(image, text, 4, {0, 1, 2, 1});
  const auto dot = [](const Values& a, const Values& b, std::size_t row) {
    return std::inner_product(a.begin() + static_cast<Index>(5 * row), a.begin() + static_cast<Index>(5 * row + 5),
                              b.begin() + static_cast<Index>(5 * row), 0.0);
  };
  for (std::size_t row = 0; row < 4; ++row) {
    CHECK(std::abs(dot(image, before.image, row)) < 1e-14);
    CHECK(std::abs(dot(text, before.text, row)) < 1e-14);
  }
  for (std::size_t i = 0; i < 20; ++i) {
    image[i] *= 3 + static_cast<double>(i / 5);
    text[i] *= 0.25;
  }
  CHECK(loss(image, text, 4, {0, 1, 2, 1}) == near(before.loss));
}

TEST_CASE("contrastive: with distinct captions groups have no effect, whatever their numbers") {
  const Values image = random_rows("image", 18), text = random_rows("text", 18);
  const Outcome plain = outcome(image, text, 6, {}), grouped = outcome(image, text, 6, {5, 1, 40, 0, 2, 3});
  CHECK(plain.loss == grouped.loss);
  CHECK(plain.image == grouped.image);
  CHECK(plain.text == grouped.text);
  CHECK(plain.scale == grouped.scale);
  CHECK(loss(image, text, 6, {0, 1, 0, 2, 3, 2}) == loss(image, text, 6, {9, 4, 9, 7, 1, 7}));
}

TEST_CASE("contrastive: all positives of a row have the same weight") {
  // Two captions are equal: exchanging them between their images does not change the loss. Without groups it would.
  const Values image = random_rows("image", 12);
  Values text = random_rows("text", 12);
  const Outcome before = outcome(image, text, 4, {0, 1, 0, 2});
  const double apart = loss(image, text, 4);
  std::swap_ranges(text.begin(), text.begin() + 3, text.begin() + 6);
  const Outcome after = outcome(image, text, 4, {0, 1, 0, 2});
  CHECK(after.loss == near(before.loss));
  check_near(after.image, before.image);
  CHECK(std::abs(loss(image, text, 4) - apart) > 1e-3);
}

TEST_CASE("contrastive: with all captions equal the loss is log n and all gradients vanish") {
  Values image, text;
  const Values one = random_rows("one", 5), other = random_rows("other", 5);
  for (int i = 0; i < 6; ++i) {
    image.insert(image.end(), one.begin(), one.end());
    text.insert(text.end(), other.begin(), other.end());
  }
  const Outcome equal = outcome(image, text, 6, {3, 3, 3, 3, 3, 3});
  CHECK(equal.loss == near(std::log(6.0)));
  check_near(equal.image, Values(30, 0.0), 1e-15);
  check_near(equal.text, Values(30, 0.0), 1e-15);
  CHECK(std::abs(equal.scale) < 1e-13);
}

TEST_CASE("contrastive: the gradient of the logits sums to zero along every row and column") {
  Temperature temperature{0};
  Parameters parameters{temperature};
  const Values values = random_rows("logits", 25);
  const std::vector<std::int32_t> groups{0, 1, 0, 2, 1};
  for (const Axis axis : {Axis::rows, Axis::columns}) {
    Tape tape{parameters};
    const Rows<Tape<B>, dyn> made = tape.allocate(5, Size<dyn>{5});
    tape.backend().upload(std::span<const double>(values), made.view);
    const auto x = tape.leaf(made);
    tape.backward(cross_entropy(tape, x, Ids{groups}, Ids{groups}, axis));
    const View<const double> g = tape.gradient_of(x);
    double most = 0;
    for (Index i = 0; i < 5; ++i) {
      double sum = 0;
      for (Index j = 0; j < 5; ++j) {
        const double d = axis == Axis::rows ? g(i, j) : g(j, i);
        sum += d;
        most = std::max(most, std::abs(d));
        if (groups[static_cast<std::size_t>(i)] != groups[static_cast<std::size_t>(j)])
          CHECK(d > 0);  // negatives are pushed away
      }
      CHECK(std::abs(sum) < 1e-15);
    }
    CHECK(most > 1e-3);
  }
}

TEST_CASE("contrastive: a single pair has zero loss and zero gradients") {
  const Outcome one = outcome(random_rows("image", 5), random_rows("text", 5), 1, {});
  CHECK(one.loss == 0);
  CHECK(one.image == Values(5, 0.0));
  CHECK(one.text == Values(5, 0.0));
  CHECK(one.scale == 0);
}

TEST_CASE("contrastive: large temperatures give finite values, and a perfect match tends to zero") {
  Values eye(16, 0.0);
  for (std::size_t i = 0; i < 4; ++i) eye[5 * i] = 2;
  CHECK(loss(eye, eye, 4, {}, std::log(100.0)) < 1e-40);
  Values next = eye;
  std::rotate(next.begin(), next.begin() + 4, next.end());
  const Outcome wrong = outcome(eye, next, 4, {}, std::log(1e6));
  CHECK(wrong.loss == near(1e6));
  CHECK(std::isfinite(wrong.scale));
}

TEST_CASE("contrastive: a row that is NaN, infinite or zero makes the loss non-finite") {
  Values image = random_rows("image", 12), text = random_rows("text", 12);
  image[5] = std::numeric_limits<double>::quiet_NaN();
  CHECK(std::isnan(loss(image, text, 4)));
  image[5] = 1;
  CHECK(std::isfinite(loss(image, text, 4)));
  for (std::size_t j = 3; j < 6; ++j) text[j] = 0;
  CHECK(std::isnan(loss(image, text, 4)));
  image[5] = std::numeric_limits<double>::infinity();
  CHECK(!std::isfinite(loss(image, random_rows("text", 12), 4)));
}

TEST_CASE("contrastive: batches of different sizes are errors") {
  Temperature temperature{0};
  Inference<B> cx;
  const Rows<Inference<B>, dyn> three = cx.allocate(3, Size<dyn>{4}), two = cx.allocate(2, Size<dyn>{4});
  const std::vector<std::int32_t> groups{0, 1};
  CHECK_THROWS_WITH_AS(contrastive(cx, three, two, temperature.logit_scale),
                       "contrastive: texts for the images: expected 3, found 2", ShapeError);
  CHECK_THROWS_WITH_AS(contrastive(cx, three, three, temperature.logit_scale, Ids{groups}),
                       "contrastive: groups for the images: expected 3, found 2", ShapeError);
}

TEST_CASE("logits: the temperature times the cosines") {
  Temperature temperature{std::log(7.0)};
  Inference<B> cx;
  const Values a{3, 4, 0, 2}, b{0, 5, 1, 0, 1, 1};
  const Rows<Inference<B>, dyn> image = cx.allocate(2, Size<dyn>{2}), text = cx.allocate(3, Size<dyn>{2});
  cx.backend().upload(std::span<const double>(a), image.view);
  cx.backend().upload(std::span<const double>(b), text.view);
  const auto y = logits(cx, image, text, temperature.logit_scale);
  const double expected[2][3] = {{0.8, 0.6, 1.4 / std::sqrt(2.0)}, {1, 0, 1 / std::sqrt(2.0)}};
  for (Index i = 0; i < 2; ++i)
    for (Index j = 0; j < 3; ++j) CHECK(y.view(i, j) == near(7 * expected[i][j]));
}

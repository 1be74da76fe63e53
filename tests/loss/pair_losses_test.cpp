// Hinge, siamese, triplet and supervised contrastive losses, and label smoothing, against PyTorch and their formulas.
#include <clip/loss/contrastive.hpp>
#include <clip/loss/hinge.hpp>
#include <clip/loss/metric.hpp>
#include <clip/loss/supervised.hpp>

#include <clip/autograd/inference.hpp>
#include <clip/autograd/tape.hpp>
#include <clip/backend/naive.hpp>
#include <clip/formats/safetensors.hpp>
#include <clip/train/objective.hpp>

#include "../support/matrix.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

using namespace clip;
using clip::testing::max_difference;
using clip::testing::Values;

namespace {
using B = Naive<double>;
using Leaf = Rows<Tape<B>, dyn>;

Safetensors& golden() {
  static Safetensors file = open_safetensors(CLIP_SOURCE_DIR "/tests/golden/losses.safetensors");
  return file;
}
Values golden(const std::string& name) {
  const StoredTensor* const stored = golden().find(name);
  REQUIRE_MESSAGE(stored != nullptr, name);
  Values values(static_cast<std::size_t>(stored->count()));
  convert(*stored, std::span<double>{values});
  return values;
}

Leaf leaf(Tape<B>& tape, const Values& values, Index rows) {
  const Leaf x = tape.allocate(rows, Size<dyn>{static_cast<Index>(values.size()) / rows});
  tape.backend().upload(std::span<const double>(values), x.view);
  return tape.leaf(x);
}
Values gradient(Tape<B>& tape, Leaf x) { return clip::testing::values_of(tape.backend(), tape.gradient_of(x)); }

/// The loss of a case of six rows and its gradients are PyTorch's. `inputs`: the names of the features.
template <class F>
void check_golden(const std::string& name, const std::vector<std::string>& inputs, F loss_of) {
  INFO(name);
  Tape<B> tape{B{}};
  std::vector<Leaf> leaves;
  for (const std::string& input : inputs) leaves.push_back(leaf(tape, golden(name + "/" + input), 6));
  const auto loss = loss_of(tape, leaves);
  tape.backward(loss);
  CHECK(std::abs(value_of(tape, loss) - golden(name + "/loss")[0]) < 1e-10);
  for (std::size_t i = 0; i < inputs.size(); ++i)
    CHECK(max_difference(gradient(tape, leaves[i]), golden(name + "/grad/" + inputs[i])) < 1e-10);
}

/// The only weight of the contrastive loss.
struct Scale {
  double value;
  Parameter<double> logit_scale{{}, Init::zeros()};
  B backend_{};
  B& backend() { return backend_; }
  static void members(auto& self, auto&& visit) { visit("logit_scale", self.logit_scale); }
};

const std::vector<std::int32_t> distinct{0, 1, 2, 3, 4, 5}, some_equal{0, 1, 0, 2, 3, 1};

Values drawn(const char* name, Index count) { return clip::testing::random_values(Rng{3}.fork(name), count); }

/// The loss of an objective of two towers' features.
template <class Objective>
double value(const Objective& objective, const Values& image, const Values& text,
             const std::vector<std::int32_t>& groups) {
  Tape<B> tape{B{}};
  const auto n = static_cast<Index>(groups.size());
  const Leaf i = leaf(tape, image, n), t = leaf(tape, text, n);
  return value_of(tape, objective.of_features(tape, i, t, 0, Ids{groups}));
}

double cosine(const Values& a, std::size_t i, const Values& b, std::size_t j, std::size_t width) {
  double dot = 0, aa = 0, bb = 0;
  for (std::size_t k = 0; k < width; ++k) {
    dot += a[i * width + k] * b[j * width + k];
    aa += a[i * width + k] * a[i * width + k];
    bb += b[j * width + k] * b[j * width + k];
  }
  return dot / std::sqrt(aa * bb);
}
}  // namespace

TEST_CASE("losses and their gradients are PyTorch's") {
  check_golden("hinge_all", {"image", "text"},
               [](auto& tape, auto& x) { return hinge(tape, x[0], x[1], 0.2, Negatives::all, Ids{distinct}); });
  check_golden("hinge_hardest", {"image", "text"},
               [](auto& tape, auto& x) { return hinge(tape, x[0], x[1], 0.2, Negatives::hardest, Ids{distinct}); });
  check_golden("supervised", {"features"},
               [](auto& tape, auto& x) { return supervised_contrastive(tape, x[0], Ids{some_equal}, 0.2); });
  check_golden("siamese", {"a", "b"}, [](auto& tape, auto& x) {
    return siamese(tape, x[0], x[1], std::vector<std::int32_t>{1, 0, 1, 0, 0, 1}, 2.5);
  });
  check_golden("triplet", {"anchor", "positive", "negative"},
               [](auto& tape, auto& x) { return triplet(tape, x[0], x[1], x[2], 1.0); });
}

TEST_CASE("the contrastive loss, its label smoothing and its several positives are PyTorch's, logit_scale too") {
  struct Case {
    const char* name;
    double smoothing;
    std::vector<std::int32_t> groups;
  };
  for (const Case& c :
       {Case{"contrastive", 0, distinct}, Case{"smoothed", 0.1, distinct}, Case{"positives", 0, some_equal}}) {
    Scale scale{golden(std::string(c.name) + "/logit_scale")[0]};
    scale.logit_scale.data = &scale.value;
    Parameters<B> table{scale};
    Tape<B> tape{table};
    const std::string name = c.name;
    const Leaf image = leaf(tape, golden(name + "/image"), 6), text = leaf(tape, golden(name + "/text"), 6);
    const auto loss = contrastive(tape, image, text, scale.logit_scale, Ids{c.groups}, c.smoothing);
    tape.backward(loss);
    INFO(name);
    CHECK(std::abs(value_of(tape, loss) - golden(name + "/loss")[0]) < 1e-10);
    CHECK(max_difference(gradient(tape, image), golden(name + "/grad/image")) < 1e-10);
    CHECK(max_difference(gradient(tape, text), golden(name + "/grad/text")) < 1e-10);
    CHECK(std::abs(*table.entries()[0].gradient.data - golden(name + "/grad/logit_scale")[0]) < 1e-10);
  }
}

TEST_CASE("hinge: a model without information has B (B - 1) 2 m, all features being equal") {
  const Values same(64 * 3, 0.5);
  std::vector<std::int32_t> groups(64);
  for (std::size_t i = 0; i < 64; ++i) groups[i] = static_cast<std::int32_t>(i);
  CHECK(value(HingeLoss{.margin = 0.15}, same, same, groups) == doctest::Approx(64 * 63 * 2 * 0.15).epsilon(1e-12));
  CHECK(value(HingeLoss{.margin = 0.15, .negatives = Negatives::hardest}, same, same, groups) ==
        doctest::Approx(64 * 2 * 0.15).epsilon(1e-12));
}

TEST_CASE("hinge: equal captions are not wrong pairs") {
  const Values image = drawn("image", 30), text = drawn("text", 30);
  double all = 0, hardest = 0;
  for (std::size_t i = 0; i < 6; ++i) {
    double by_image = 0, by_text = 0;
    for (std::size_t j = 0; j < 6; ++j) {
      if (some_equal[i] == some_equal[j]) continue;
      const double text_j = std::max(0.0, 0.2 + cosine(image, i, text, j, 5) - cosine(image, i, text, i, 5));
      const double image_j = std::max(0.0, 0.2 + cosine(image, j, text, i, 5) - cosine(image, i, text, i, 5));
      all += text_j + image_j;
      by_image = std::max(by_image, text_j);
      by_text = std::max(by_text, image_j);
    }
    hardest += by_image + by_text;
  }
  CHECK(value(HingeLoss{}, image, text, some_equal) == doctest::Approx(all).epsilon(1e-12));
  CHECK(value(HingeLoss{.negatives = Negatives::hardest}, image, text, some_equal) ==
        doctest::Approx(hardest).epsilon(1e-12));
  const std::vector<std::int32_t> one(6, 0);
  CHECK(value(HingeLoss{}, image, text, one) == 0);
  CHECK(value(HingeLoss{.negatives = Negatives::hardest}, image, text, one) == 0);
}

TEST_CASE("siamese: equal rows have finite gradients, and are pushed apart where they do not belong together") {
  for (const std::int32_t same : {0, 1}) {
    Tape<B> tape{B{}};
    const Leaf a = leaf(tape, {1, 2, 3}, 1), b = leaf(tape, {1, 2, 3}, 1);
    tape.backward(siamese(tape, a, b, std::vector<std::int32_t>{same}, 1));
    for (const double g : gradient(tape, a)) {
      CHECK(std::isfinite(g));
      CHECK((same == 1 ? std::abs(g) < 1e-11 : g < -0.1));
    }
  }
}

TEST_CASE("the siamese objective takes every image with its text and with the next text of the batch") {
  const Values image = drawn("image", 20), text = drawn("text", 20);
  const std::vector<std::int32_t> groups{0, 0, 1, 2};
  double expected = 0;
  for (std::size_t i = 0; i < 4; ++i)
    for (std::size_t shift = 0; shift < 2; ++shift) {
      const std::size_t j = (i + shift) % 4;
      const double d = std::sqrt(2 - 2 * cosine(image, i, text, j, 5));
      expected += groups[i] == groups[j] ? d * d : std::max(0.0, 1.1 - d) * std::max(0.0, 1.1 - d);
    }
  CHECK(value(SiameseLoss{.margin = 1.1}, image, text, groups) == doctest::Approx(expected / 16).epsilon(1e-9));
}

TEST_CASE(
    "semi-hard negatives: the nearest that is farther than the positive, otherwise the farthest, of other groups") {
  // On a line: anchor 0 with its positive at 2; the others at 1 (too near), 5, 3 (semi-hard), and 2.5 of the own group.
  const Values anchors{0, 9, 9, 9, 9}, candidates{2, 1, 5, 3, 2.5};
  CHECK(semi_hard_negatives(anchors, candidates, 1, std::vector<std::int32_t>{0, 1, 2, 3, 0})[0] == 3);
  CHECK(semi_hard_negatives(anchors, Values{7, 1, 5, 3, 8}, 1, std::vector<std::int32_t>{0, 1, 2, 3, 0})[0] == 2);
  CHECK(semi_hard_negatives(Values{0, 1}, Values{0, 1}, 1, std::vector<std::int32_t>{4, 4}) ==
        std::vector<std::int32_t>{-1, -1});
}

TEST_CASE("the triplet objective: the mean over both directions; nothing to compare with is no loss") {
  const Values image = drawn("image", 30), text = drawn("text", 30);
  Values i = image, t = text;
  for (Values* x : {&i, &t})
    for (std::size_t row = 0; row < 6; ++row) {
      const double length =
          std::sqrt(clip::testing::dot(std::span{*x}.subspan(5 * row, 5), std::span{*x}.subspan(5 * row, 5)));
      for (std::size_t k = 0; k < 5; ++k) (*x)[5 * row + k] /= length;
    }
  double expected = 0;
  for (const bool forth : {true, false}) {
    const Values &a = forth ? i : t, &c = forth ? t : i;
    const auto ids = semi_hard_negatives(a, c, 5, some_equal);
    for (std::size_t row = 0; row < 6; ++row) {
      const auto distance = [&](std::size_t other) { return std::sqrt(2 - 2 * cosine(a, row, c, other, 5)); };
      expected += std::max(0.0, 0.3 + distance(row) - distance(static_cast<std::size_t>(ids[row]))) / 12;
    }
  }
  CHECK(value(TripletLoss{.margin = 0.3}, image, text, some_equal) == doctest::Approx(expected).epsilon(1e-5));
  CHECK(value(TripletLoss{.margin = 0.3}, image, text, std::vector<std::int32_t>(6, 1)) == 0);
}

TEST_CASE("the supervised objective joins the features of both towers, of whatever length") {
  Values image = drawn("image", 30);
  const Values text = drawn("text", 30);
  Values both = image;
  both.insert(both.end(), text.begin(), text.end());
  std::vector<std::int32_t> labels = some_equal;
  labels.insert(labels.end(), some_equal.begin(), some_equal.end());
  Tape<B> tape{B{}};
  const double expected = value_of(tape, supervised_contrastive(tape, leaf(tape, both, 12), Ids{labels}, 0.3));
  for (double& x : image) x *= 4;
  CHECK(value(SupervisedContrastive{.temperature = 0.3}, image, text, some_equal) ==
        doctest::Approx(expected).epsilon(1e-12));
}

TEST_CASE("pair losses: what cannot be is an error") {
  Inference<B> cx;
  const Rows<Inference<B>, dyn> three = cx.allocate(3, Size<dyn>{4}), two = cx.allocate(2, Size<dyn>{4});
  const std::vector<std::int32_t> ids{0, 1, 2}, fewer{0, 1};
  CHECK_THROWS_WITH_AS(hinge(cx, three, two, 0.2, Negatives::all, Ids{ids}),
                       "hinge: texts for the images: expected 3, found 2", ShapeError);
  CHECK_THROWS_WITH_AS(hinge(cx, three, three, -1, Negatives::all, Ids{ids}),
                       "hinge: margin: expected 0 or more, found -1", OptionError);
  CHECK_THROWS_AS(hinge(cx, three, three, 0.2, Negatives::all, Ids{fewer}), ShapeError);
  CHECK_THROWS_AS(siamese(cx, three, three, fewer, 1), ShapeError);
  CHECK_THROWS_AS(siamese(cx, three, two, ids, 1), ShapeError);
  CHECK_THROWS_AS(siamese(cx, three, three, ids, 0), OptionError);
  CHECK_THROWS_AS(triplet(cx, three, three, two, 1), ShapeError);
  CHECK_THROWS_AS(semi_hard_triplet(cx, three, two, 0.2, Ids{ids}), ShapeError);
  CHECK_THROWS_AS(supervised_contrastive(cx, three, Ids{fewer}, 0.1), ShapeError);
  CHECK_THROWS_AS(supervised_contrastive(cx, three, Ids{ids}, 0), OptionError);
  CHECK_THROWS_WITH_AS(supervised_contrastive(cx, three, Ids{ids}, 0.1),
                       "supervised_contrastive: rows with a positive (of the same label): expected 1 or more, found 0",
                       InputError);
  CHECK_THROWS_AS(contrastive(cx, three, three, Parameter<double>{{}, Init::zeros()}, Ids{ids}, 1.0), OptionError);
}

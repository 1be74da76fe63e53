#include <clip/backend/naive.hpp>
#include <clip/core/rng.hpp>
#include <clip/model/model.hpp>
#include <clip/task/zero_shot.hpp>
#include <clip/text/tokenizer.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

using namespace clip;

namespace {
Features<double, dyn> random_features(Index n, Index width, std::uint64_t seed) {
  Features<double, dyn> features{n, width};
  Rng rng{seed};
  for (double& x : features.values()) x = rng.normal();
  return features;
}

double length(std::span<const double> v) {
  double squares = 0;
  for (double x : v) squares += x * x;
  return std::sqrt(squares);
}

inline constexpr ClipConfig<VitConfig, TextConfig> Tiny{
    .embed_dim = 8,
    .image = {.image_size = 8, .patch_size = 4, .width = 16, .layers = 1, .heads = 2, .activation = Activation::quick_gelu, .epsilon = 1e-5f},
    .text = {.context = 16, .vocabulary = 514, .width = 16, .layers = 1, .heads = 2, .activation = Activation::quick_gelu, .epsilon = 1e-5f}};
}  // namespace

TEST_CASE("normalized rows have length one and keep their direction") {
  const auto before = random_features(5, 12, 1);
  const auto after = normalized(before);
  for (Index i = 0; i < 5; ++i) {
    CHECK(length(after[i]) == doctest::Approx(1));
    for (std::size_t k = 0; k < 12; ++k) CHECK(after[i][k] * length(before[i]) == doctest::Approx(before[i][k]));
  }
}

TEST_CASE("similarities are cosines: between -1 and 1, and the length of neither side matters") {
  auto images = random_features(20, 6, 2), classes = random_features(4, 6, 3);
  const auto before = ZeroShot{classes}(images);
  for (double& x : images.values()) x *= 37;
  for (double& x : classes.values()) x *= 0.01;
  const auto after = ZeroShot{classes}(images);
  for (Index i = 0; i < 20; ++i)
    for (Index j = 0; j < 4; ++j) {
      CHECK(std::abs(before(i, j)) <= 1 + 1e-12);
      CHECK(after(i, j) == doctest::Approx(before(i, j)));
    }
}

TEST_CASE("an image that points like a class is given that class, with a cosine of one; the opposite has minus one") {
  const auto classes = random_features(7, 10, 4);
  Features<double, dyn> images = classes;
  for (double& x : images.values()) x *= 3;
  for (double& x : images[6]) x = -x;
  const auto similar = ZeroShot{classes}(images);
  const auto best = similar.best();
  for (Index i = 0; i < 6; ++i) {
    CHECK(best[static_cast<std::size_t>(i)] == i);
    CHECK(similar(i, i) == doctest::Approx(1));
  }
  CHECK(similar(6, 6) == doctest::Approx(-1));
  CHECK(best[6] != 6);
}

TEST_CASE("an image is classified the same in any company, bit for bit") {
  const auto images = random_features(9, 16, 5);
  const ZeroShot classify{random_features(5, 16, 6)};
  const auto together = classify(images);
  for (Index i = 0; i < 9; ++i) {
    Features<double, dyn> one{1, 16};
    std::copy(images[i].begin(), images[i].end(), one[0].begin());
    const auto alone = classify(one);
    for (Index j = 0; j < 5; ++j) CHECK(alone(0, j) == together(i, j));
  }
}

TEST_CASE("of equal classes the first is taken") {
  auto classes = random_features(3, 4, 7);
  std::copy(classes[1].begin(), classes[1].end(), classes[2].begin());
  auto image = Features<double, dyn>{1, 4};
  std::copy(classes[1].begin(), classes[1].end(), image[0].begin());
  CHECK(ZeroShot{classes}(image).best() == std::vector<Index>{1});
}

TEST_CASE("no images are no labels") { CHECK(ZeroShot{random_features(3, 4, 8)}(Features<double, dyn>{0, 4}).best().empty()); }

TEST_CASE("features of another width are an error") {
  const ZeroShot classify{random_features(3, 4, 9)};
  CHECK_THROWS_WITH_AS(classify(random_features(1, 5, 9)), "zero_shot: feature width: expected 4, found 5", ShapeError);
}

TEST_CASE("a classifier of a model holds its text features, one per prompt, at length one") {
  const Model<Tiny, Naive<double>> model{Rng{1}};
  const Texts prompts = Tokenizer{}({"a cat", "a dog", "noise"}, {.context = 16});
  const auto classify = zero_shot(model, prompts);
  const auto texts = model.encode_text(prompts);
  REQUIRE(classify.classes().size() == 3);
  for (Index i = 0; i < 3; ++i) {
    CHECK(length(classify.classes()[i]) == doctest::Approx(1));
    for (std::size_t k = 0; k < 8; ++k) CHECK(classify.classes()[i][k] * length(texts[i]) == doctest::Approx(texts[i][k]));
  }
}

TEST_CASE("accuracy is the share of labels predicted right") {
  const std::vector<std::uint8_t> labels{0, 1, 2, 3};
  CHECK(accuracy<std::uint8_t>({0, 1, 2, 3}, labels) == 1);
  CHECK(accuracy<std::uint8_t>({0, 1, 0, 0}, labels) == 0.5);
  CHECK(accuracy<std::uint8_t>({3, 2, 1, 0}, labels) == 0);
  CHECK_THROWS_WITH_AS(accuracy<std::uint8_t>({0, 1}, labels), "accuracy: predictions for the labels: expected 4, found 2", ShapeError);
  CHECK_THROWS_AS(accuracy<std::uint8_t>({}, std::vector<std::uint8_t>{}), ShapeError);
}

#include <clip/backend/naive.hpp>
#include <clip/core/rng.hpp>
#include <clip/core/stop.hpp>
#include <clip/model/model.hpp>
#include <clip/task/accuracy.hpp>
#include <clip/task/zero_shot.hpp>
#include <clip/tokenizer/tokenizer.hpp>
#include <clip/tokens/learned.hpp>

#include "../support/remote.hpp"
#include "../support/small_models.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
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

inline constexpr ClipConfig<VitConfig, TextConfig> Tiny{.embed_dim = 8,
                                                        .image = {.image_size = 8,
                                                                  .patch_size = 4,
                                                                  .width = 16,
                                                                  .layers = 1,
                                                                  .heads = 2,
                                                                  .activation = Activation::quick_gelu,
                                                                  .epsilon = 1e-5f},
                                                        .text = {.context = 16,
                                                                 .vocabulary = 514,
                                                                 .width = 16,
                                                                 .layers = 1,
                                                                 .heads = 2,
                                                                 .activation = Activation::quick_gelu,
                                                                 .epsilon = 1e-5f}};
}  // namespace

TEST_CASE("normalized rows have length one and keep their direction") {
  const auto before = random_features(5, 12, 1);
  const auto after = normalized(before);
  for (Index i = 0; i < 5; ++i) {
    CHECK(length(after[i]) == doctest::Approx(1));
    for (std::size_t k = 0; k < 12; ++k) CHECK(after[i][k] * length(before[i]) == doctest::Approx(before[i][k]));
  }
}

TEST_CASE("rows whose squares overflow or vanish have the same similarities") {
  const auto images = random_features(5, 12, 1), classes = random_features(4, 12, 2);
  const auto expected = ZeroShot{classes}(images);
  for (const double scale : {1e200, 1e-200}) {
    auto scaled_images = images, scaled_classes = classes;
    for (double& x : scaled_images.values()) x *= scale;
    for (double& x : scaled_classes.values()) x *= scale;
    const auto found = ZeroShot{scaled_classes}(scaled_images);
    for (Index i = 0; i < 5; ++i)
      for (Index j = 0; j < 4; ++j) CHECK(found(i, j) == doctest::Approx(expected(i, j)));
  }
}

TEST_CASE("similarities are cosines: between -1 and 1, independent of the features' lengths") {
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

TEST_CASE("an image with the direction of a class has that class and a cosine of 1; the opposite direction has -1") {
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

TEST_CASE("an image's similarities do not depend on the batch, bit for bit") {
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

TEST_CASE("the first of equal classes is predicted") {
  auto classes = random_features(3, 4, 7);
  std::copy(classes[1].begin(), classes[1].end(), classes[2].begin());
  auto image = Features<double, dyn>{1, 4};
  std::copy(classes[1].begin(), classes[1].end(), image[0].begin());
  CHECK(ZeroShot{classes}(image).best() == std::vector<Index>{1});
}

TEST_CASE("no images give no labels") {
  CHECK(ZeroShot{random_features(3, 4, 8)}(Features<double, dyn>{0, 4}).best().empty());
}

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
    for (std::size_t k = 0; k < 8; ++k)
      CHECK(classify.classes()[i][k] * length(texts[i]) == doctest::Approx(texts[i][k]));
  }
}

TEST_CASE("every class has a probability of its own if the model has a bias, also one that shows no backend") {
  struct Shown {  // a program's own wrapper of a model
    double temperature() const { return 7; }
    std::optional<double> bias() const { return -3; }
    Features<double, dyn> encode_text(const Texts&) const { return random_features(3, 6, 4); }
  };
  const auto classify = zero_shot(Shown{}, Texts{});
  REQUIRE(classify.biased());
  const auto image = random_features(1, 6, 5);
  const auto cosines = classify(image);
  double sum = 0;
  for (const auto& found : classify.top_matching(image, 3)) {
    CHECK(found.probability == doctest::Approx(1 / (1 + std::exp(3 - 7 * cosines(0, found.index)))));
    sum += found.probability;
  }
  CHECK(sum < 1);
}

TEST_CASE("features in the caller's context are classified with the bits of owned features") {
  const Model<Tiny> model{Rng{7}, Cpu<>{{.threads = 2}}};
  const auto classify = zero_shot(model, Tokenizer{}({"a cat", "a dog", "noise"}, {.context = 16}));
  const Images images = testing::random_images(Tiny, 4, Rng{8});
  const auto expected = classify(model.encode_image(images));
  const auto probable = classify.probabilities(model.encode_image(images));
  Inference<Cpu<>> cx{model.backend()};
  const auto features = model.encode_image(cx, images);
  const auto found = classify(cx, features);
  std::vector<float> probabilities(4 * 3);
  classify.probabilities(cx, features, probabilities);
  for (Index i = 0; i < 4; ++i) {
    CHECK(std::ranges::equal(expected[i], std::span{found.view.row(i), 3}));
    CHECK(std::ranges::equal(probable[i], std::span{probabilities}.subspan(static_cast<std::size_t>(3 * i), 3)));
  }
  CHECK_THROWS_WITH_AS(classify.probabilities(cx, features, std::span{probabilities}.first(3)),
                       "zero_shot: values for the probabilities: expected 12, found 3", ShapeError);
}

TEST_CASE("features in memory that the host cannot access are classified there") {
  testing::Remote<double> remote;
  Inference<testing::Remote<double>> cx{remote};
  const auto images = random_features(5, 6, 2);
  const ZeroShot classify{random_features(4, 6, 3)};
  const Rows<Inference<testing::Remote<double>>, dyn> features = cx.allocate(5, Size<dyn>{6});
  cx.backend().upload(images.values(), features.view);
  std::vector<double> found(5 * 4);
  classify.probabilities(cx, features, found);
  const auto expected = classify.probabilities(images);
  for (Index i = 0; i < 5; ++i)
    for (std::size_t j = 0; j < 4; ++j)
      CHECK(found[static_cast<std::size_t>(i) * 4 + j] == doctest::Approx(expected[i][j]));
}

TEST_CASE("accuracy is the fraction of correct predictions") {
  const std::vector<std::uint8_t> labels{0, 1, 2, 3};
  CHECK(accuracy<std::uint8_t>({0, 1, 2, 3}, labels) == 1);
  CHECK(accuracy<std::uint8_t>({0, 1, 0, 0}, labels) == 0.5);
  CHECK(accuracy<std::uint8_t>({3, 2, 1, 0}, labels) == 0);
  CHECK_THROWS_WITH_AS(accuracy<std::uint8_t>({0, 1}, labels),
                       "accuracy: predictions for the labels: expected 4, found 2", ShapeError);
  CHECK_THROWS_AS(accuracy<std::uint8_t>({}, std::vector<std::uint8_t>{}), ShapeError);
}

namespace {
const std::vector<std::string> templates{"a {}", "the {}!", "{}"};

/// normalise(mean over sentences of normalise(text)), written out.
std::vector<double> mean_direction(const Model<Tiny, Naive<double>>& model, const std::vector<std::string>& sentences) {
  std::vector<double> sum(8);
  for (const std::string& sentence : sentences) {
    const auto text = model.encode_text(Tokenizer{}(sentence, {.context = 16}));
    for (std::size_t k = 0; k < 8; ++k) sum[k] += text[0][k] / length(text[0]);
  }
  const double whole = length(sum);
  for (double& x : sum) x /= whole;
  return sum;
}
}  // namespace

TEST_CASE("a class with several templates is the mean of their directions, independent of other classes") {
  const Model<Tiny, Naive<double>> model{Rng{2}};
  const auto classify = zero_shot(model, Tokenizer{}, {"cat", "dog"}, templates);
  const auto cat = mean_direction(model, {"a cat", "the cat!", "cat"}),
             dog = mean_direction(model, {"a dog", "the dog!", "dog"});
  REQUIRE(classify.classes().size() == 2);
  for (std::size_t k = 0; k < 8; ++k) {
    CHECK(classify.classes()[0][k] == doctest::Approx(cat[k]));
    CHECK(classify.classes()[1][k] == doctest::Approx(dog[k]));
  }
  const auto alone = zero_shot(model, Tokenizer{}, {"dog"}, templates);
  CHECK(std::ranges::equal(alone.classes()[0], classify.classes()[1]));
}

TEST_CASE("a class with several names is the mean over names and templates, labelled by its first name") {
  const Model<Tiny, Naive<double>> model{Rng{3}};
  const ClassNames names{std::vector<std::vector<std::string>>{{"happy", "glad"}, {"sad"}}};
  const auto classify = zero_shot(model, Tokenizer{}, names, {"a {}", "{}"});
  const auto happy = mean_direction(model, {"a happy", "happy", "a glad", "glad"});
  for (std::size_t k = 0; k < 8; ++k) CHECK(classify.classes()[0][k] == doctest::Approx(happy[k]));
  CHECK(classify.label(0) == "happy");
  CHECK(classify.label(1) == "sad");
}

TEST_CASE("a class with prompts of its own is the mean of their directions; a placeholder stands for its label") {
  const Model<Tiny, Naive<double>> model{Rng{3}};
  const ClassPrompts prompts{{"cat", "dog"}, {{"a {}", "it purrs"}, {"the {label}!", "it barks", "{c}"}}};
  const auto classify = zero_shot(model, Tokenizer{}, prompts);
  const auto cat = mean_direction(model, {"a cat", "it purrs"}),
             dog = mean_direction(model, {"the dog!", "it barks", "dog"});
  REQUIRE(classify.classes().size() == 2);
  for (std::size_t k = 0; k < 8; ++k) {
    CHECK(classify.classes()[0][k] == doctest::Approx(cat[k]));
    CHECK(classify.classes()[1][k] == doctest::Approx(dog[k]));
  }
  CHECK(classify.label(0) == "cat");
  CHECK(classify.label(1) == "dog");
}

TEST_CASE("prompts of classes that are written with templates give the bits of those templates, also in many classes") {
  const Model<Tiny, Naive<double>> model{Rng{4}};
  std::vector<std::string> labels;
  std::vector<std::vector<std::string>> prompts;
  for (int i = 0; i < 1030; ++i) {
    labels.push_back(std::to_string(i));
    prompts.push_back({"a {}", "{}"});
  }
  const auto own = zero_shot(model, Tokenizer{}, ClassPrompts{labels, prompts}),
             same = zero_shot(model, Tokenizer{}, labels, {"a {}", "{}"});
  REQUIRE(own.classes().size() == 1030);
  for (const Index c : {0, 511, 512, 1029}) CHECK(std::ranges::equal(own.classes()[c], same.classes()[c]));
}

TEST_CASE("prompts of classes: no classes, a prompt that is too long and one with two placeholders are errors") {
  const Model<Tiny, Naive<double>> model{Rng{6}};
  const ClassPrompts none{{}, {}}, long_one{{"cat"}, {{"a cat", "a prompt of more than sixteen bytes"}}};
  CHECK_THROWS_AS(zero_shot(model, Tokenizer{}, none), OptionError);
  CHECK_THROWS_AS(zero_shot(model, Tokenizer{}, long_one), InputError);
  CHECK(zero_shot(model, Tokenizer{}, long_one, TooLong::truncate).classes().size() == 1);
}

TEST_CASE("more than 1,024 names give the same classes as few names") {
  const Model<Tiny, Naive<double>> model{Rng{4}};
  std::vector<std::string> names;
  for (int i = 0; i < 1030; ++i) names.push_back(std::to_string(i));
  const auto many = zero_shot(model, Tokenizer{}, names, {"{}"}), one = zero_shot(model, Tokenizer{}, {"1027"}, {"{}"});
  CHECK(std::ranges::equal(many.classes()[1027], one.classes()[0]));
}

TEST_CASE("a stop ends the building of a classifier with an error of its own") {
  const Model<Tiny, Naive<double>> model{Rng{4}};
  request_stop();
  std::string id;
  try {
    zero_shot(model, Tokenizer{}, {"cat"}, templates);
  } catch (const SystemError& e) { id = e.id(); }
  withdraw_stop();
  CHECK(id == "clip.system.stopped");
  CHECK(zero_shot(model, Tokenizer{}, {"cat"}, templates).classes().size() == 1);
}

TEST_CASE("the best classes have labels and cosines or probabilities") {
  const Model<Tiny, Naive<double>> model{Rng{5}};
  const auto classify = zero_shot(model, Tokenizer{}, {"cat", "dog", "noise"}, templates);
  Features<double, 8> image{1};
  std::copy(classify.classes()[1].begin(), classify.classes()[1].end(), image[0].begin());
  for (double& x : image[0]) x *= 5;
  const auto similar = classify.top(image, 2);
  REQUIRE(similar.size() == 2);
  CHECK(similar[0].index == 1);
  CHECK(similar[0].label == "dog");
  CHECK(similar[0].similarity == doctest::Approx(1));
  CHECK(similar[1].similarity < similar[0].similarity);
  const auto probable = classify.top_probable(image, 5);
  REQUIRE(probable.size() == 3);
  CHECK(probable[0].label == "dog");
  CHECK(probable[0].probability + probable[1].probability + probable[2].probability == doctest::Approx(1));
  CHECK(probable[0].probability / probable[1].probability ==
        doctest::Approx(std::exp(model.similarity.temperature() * (1 - similar[1].similarity))));
  CHECK_THROWS_WITH_AS(classify.top(Features<double, 8>{2}, 1), "zero_shot: images: expected 1, found 2", ShapeError);
}

TEST_CASE(
    "templates without {}, no classes and texts that are too long are errors; truncation of long texts is an "
    "option") {
  const Model<Tiny, Naive<double>> model{Rng{6}};
  CHECK_THROWS_AS(zero_shot(model, Tokenizer{}, {"cat"}, {"a cat"}), OptionError);
  CHECK_THROWS_AS(zero_shot(model, Tokenizer{}, std::vector<std::string>{}, {"{}"}), OptionError);
  CHECK_THROWS_AS(zero_shot(model, Tokenizer{}, {"a name of more than sixteen bytes"}, {"{}"}), InputError);
  CHECK(zero_shot(model, Tokenizer{}, {"a name of more than sixteen bytes"}, {"{}"}, TooLong::truncate)
            .classes()
            .size() == 1);
  CHECK_THROWS_WITH_AS((ZeroShot{random_features(2, 4, 1), {"cat"}}), "zero_shot: labels: expected 2, found 1",
                       ShapeError);
}

TEST_CASE("a tokenizer of another vocabulary's size is an error that names the vocabulary, before texts are read") {
  const Model<Tiny, Naive<double>> model{Rng{7}};
  const Tokenizer other = Tokenizer::from_merges({{"c", "a"}});
  const auto error_of = [](auto call) -> std::string {
    try {
      call();
    } catch (const InputError& e) {
      CHECK(e.id() == "clip.input.vocabulary");
      return e.message();
    }
    return "";
  };
  const std::string expected =
      "merges: ids of the vocabulary: expected 514, as many as the model has token embeddings, found 515";
  CHECK(error_of([&] { zero_shot(model, other, {"a name of more than sixteen bytes"}, {"{}"}); }) == expected);
  CHECK(error_of([&] { static_cast<void>(model.encode_text(other("dog"))); }) == expected);
  CHECK(error_of([&] { static_cast<void>(model.encode_text(with_learned(other("dog"), 0))); }) == expected);
  Texts by_hand{513};
  by_hand.add(std::vector<std::int32_t>{512, 70, 513});
  CHECK(model.encode_text(by_hand).size() == 1);
}

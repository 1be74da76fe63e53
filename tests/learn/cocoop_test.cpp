// CoCoOp against a twin in PyTorch written from the paper (tests/golden/make_prompts.py).
#include <clip/backend/naive.hpp>
#include <clip/checkpoint/model_file.hpp>
#include <clip/learn/cocoop.hpp>
#include <clip/learn/train_prompts.hpp>
#include <clip/model/model.hpp>

#include "../io/temporary_folder.hpp"
#include "../small_models/golden.hpp"
#include "../support/check_gradients.hpp"
#include "../support/small_models.hpp"
#include "prompt_words.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

using namespace clip;
using namespace clip::testing;

TEST_CASE("five steps of SGD follow a twin in PyTorch: losses and every weight") {
  Model<TinyA> model;
  load_partial(model, CLIP_SOURCE_DIR "/tests/golden/tiny_a.safetensors");
  const PromptNumbers golden;
  CocoopLearner prompt{model, PromptWords{60}, prompt_names, {.context = 3, .words = "", .hidden = 2}};
  visit_parameters(prompt, [&](std::string_view name, auto& p) {
    const std::vector<double> start = golden("cocoop.tiny_a.start." + std::string(name));
    REQUIRE(static_cast<Index>(start.size()) == p.count());
    std::copy(start.begin(), start.end(), p.data);
  });
  auto options = cocoop_training();
  CHECK(options.batch == 1);
  options.batch = 5;
  options.epochs = 5;
  options.schedule = Schedule::constant();
  options.optimizer.learning_rate = 0.02f;
  const std::vector<double> losses = golden("cocoop.tiny_a.losses");
  train_prompts(prompt, {golden.features<float>("tiny_a"), prompt_labels}, options, [&](const TrainProgress& p) {
    CHECK(p.loss == doctest::Approx(losses[static_cast<std::size_t>(p.step - 1)]).epsilon(1e-4));
    return true;
  });
  CHECK(losses.back() < 0.95 * losses.front());
  visit_parameters(prompt, [&](std::string_view name, const auto& p) {
    const auto expected = golden("cocoop.tiny_a.end." + std::string(name));
    const auto found = downloaded(prompt.backend(), View<const float>{p.view()});
    CHECK_MESSAGE(
        largest_difference(std::span<const double>(found), expected) < 1e-4 * std::max(1.0, largest(expected)), name);
  });
}

TEST_CASE("what was learned returns from its file; other models, other meta-nets and CoOp's files are refused") {
  const TemporaryFolder folder;
  const std::string path = folder / "prompt.safetensors";
  const Model<Odd> model{Rng{1}}, other{Rng{2}};
  const PromptWords words{31};
  const CocoopOptions options{.context = 2, .place = Place::middle, .words = "", .hidden = 3};
  CocoopLearner prompt{model, words, prompt_names, options};
  Features<float, dyn> images{4, Size<dyn>{13}};
  Rng rng{6};
  for (float& x : images.values()) x = static_cast<float>(rng.normal());
  train_prompts(prompt, {images, {0, 1, 2, 0}}, cocoop_training());
  save_prompt(prompt, path);

  CocoopOptions again = options;
  again.seed = 5;
  CocoopLearner read{model, words, prompt_names, again};
  const auto values = [&](const auto& learner) {
    const auto logits = learner.logits(images);
    return std::vector<float>(logits.values().begin(), logits.values().end());
  };
  const auto before = values(read);
  REQUIRE(before != values(prompt));
  load_prompt(read, path);
  CHECK(values(read) == values(prompt));

  CocoopLearner elsewhere{other, words, prompt_names, again};
  const auto untouched = values(elsewhere);
  CHECK(try_load_prompt(elsewhere, path).error().message().find("cosine") != std::string::npos);
  CHECK(values(elsewhere) == untouched);
  again.hidden = 2;
  CocoopLearner narrow{model, words, prompt_names, again};
  const auto of_narrow = values(narrow);
  CHECK(try_load_prompt(narrow, path)
            .error()
            .message()
            .find("values of meta_net.linear1.weight: expected 26, found 39") != std::string::npos);
  CHECK(values(narrow) == of_narrow);
  PromptLearner plain{model, words, prompt_names, {.context = 2, .place = Place::middle}};
  CHECK(try_load_prompt(plain, path).error().message().find("tensors of CoCoOp's meta-net: expected 0, found 4") !=
        std::string::npos);
  save_prompt(plain, path);
  CHECK(try_load_prompt(read, path).error().message().find("expected 4, found 0") != std::string::npos);
}

TEST_CASE("the gradients are those of finite differences") {
  using B = Naive<double>;
  const Model<Tiny, B> model{Rng{3}};
  CocoopLearner prompt{
      model, PromptWords{12}, {"cat", "polar fox"}, {.context = 2, .place = Place::middle, .words = "", .hidden = 4}};
  Features<double, dyn> images{3, Size<dyn>{6}};
  Rng rng{4};
  for (double& x : images.values()) x = rng.normal();
  Parameters learned{prompt};
  CHECK(learned.entries().size() == 5);
  check_gradients(learned, [&](Tape<B>& tape) {
    return cross_entropy(tape, prompt.logits(tape, constant(tape, images)), std::vector<std::int32_t>{1, 0, 1});
  });
}

TEST_CASE("a meta-net of zeros leaves CoOp's prompts; logits do not depend on the batch") {
  const Model<Odd> model{Rng{1}};
  const PromptWords words{31};
  const PromptLearner plain{model, words, prompt_names, {.words = "a photo"}};
  CocoopLearner prompt{model, words, prompt_names, {.words = "a photo", .seed = 2}};
  CHECK(prompt.meta_net.linear1.weight.shape == Shape{1, 13});
  Features<float, dyn> images{4, Size<dyn>{13}};
  Rng rng{6};
  for (float& x : images.values()) x = static_cast<float>(rng.normal());
  const auto one = prompt.logits(images), all = prompt.logits(images, 4);
  for (Index i = 0; i < 12; ++i)
    CHECK(one.values()[static_cast<std::size_t>(i)] ==
          doctest::Approx(all.values()[static_cast<std::size_t>(i)]).epsilon(1e-4));
  visit_parameters(prompt.meta_net, [](std::string_view, auto& p) { std::fill_n(p.data, p.count(), 0.0f); });
  const auto found = prompt.logits(images, 3);
  Inference<Cpu<>> cx;
  const auto expected = plain.logits(cx, constant(cx, images));
  for (Index i = 0; i < 4; ++i)
    for (Index c = 0; c < 3; ++c) CHECK(found.view()(i, c) == doctest::Approx(expected.view(i, c)).epsilon(1e-4));
}

// CoOp against a plain padded computation in PyTorch (tests/golden/make_prompts.py), and the promises of PromptLearner.
#include <clip/autograd/tape.hpp>
#include <clip/checkpoint/model_file.hpp>
#include <clip/learn/prompt_learner.hpp>
#include <clip/learn/train_prompts.hpp>
#include <clip/model/model.hpp>
#include <clip/tokens/prefix_tree.hpp>

#include "../io/temporary_folder.hpp"
#include "../small_models/golden.hpp"
#include "../support/small_models.hpp"
#include "prompt_words.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

using namespace clip;
using namespace clip::testing;

namespace {

/// Loss and gradient of every placement, with one context for all classes and one for each.
template <const auto& Config>
void check_against_pytorch(const std::string& name) {
  Model<Config> model;
  load_partial(model, CLIP_SOURCE_DIR "/tests/golden/" + name + ".safetensors");
  const PromptNumbers golden;
  const auto features = golden.features<float>(name);
  for (const Place place : name_places)
    for (const bool per_class : {false, true}) {
      const std::string key = "coop." + name + '.' + std::string(name_of(place)) + (per_class ? "_csc" : "") + '.';
      PromptLearner prompt{model,
                           PromptWords{static_cast<std::int32_t>(Config.text.vocabulary)},
                           prompt_names,
                           {.context = 3, .place = place, .per_class = per_class}};
      const std::vector<double> ctx = golden(key + "ctx");
      REQUIRE(static_cast<Index>(ctx.size()) == prompt.ctx.count());
      std::copy(ctx.begin(), ctx.end(), prompt.ctx.data);
      Parameters learned{prompt};
      Tape tape{learned};
      const auto logits = prompt.logits(tape, constant(tape, features));
      const auto loss = cross_entropy(tape, logits, prompt_labels);
      tape.backward(loss);
      const auto found = downloaded(prompt.backend(), View<const float>{logits.view}),
                 gradient = downloaded(prompt.backend(), View<const float>{learned.entries()[0].gradient});
      const auto expected = golden(key + "logits"), slope = golden(key + "gradient");
      CHECK_MESSAGE(
          largest_difference(std::span<const double>(found), expected) < 1e-5 * std::max(1.0, largest(expected)), key);
      CHECK_MESSAGE(static_cast<double>(loss.view(0, 0)) == doctest::Approx(golden(key + "loss")[0]).epsilon(1e-5),
                    key);
      CHECK_MESSAGE(largest_difference(std::span<const double>(gradient), slope) < 1e-5 * std::max(1.0, largest(slope)),
                    key);
      CHECK(largest(slope) > 1e-2);
      Tape inside{learned, {.recompute_inside = true}};
      learned.clear_gradients();
      inside.backward(cross_entropy(inside, prompt.logits(inside, constant(inside, features)), prompt_labels));
      CHECK(downloaded(prompt.backend(), View<const float>{learned.entries()[0].gradient}) == gradient);
    }
}

const PromptWords words{static_cast<std::int32_t>(Odd.text.vocabulary)};

/// A text encoder with a statistic, as MobileCLIP's have.
struct NormedText : TextEncoder<Odd> {
  Parameter<float> running_mean = [] {
    Parameter<float> p{{1}, Init::zeros()};
    p.kind = ParameterKind::buffer;
    return p;
  }();
  static constexpr void members(auto& self, auto&& visit) {
    TextEncoder<Odd>::members(self, visit);
    visit("running_mean", self.running_mean);
  }
};

struct NormedModel {
  static constexpr Index embed_dim = Odd.embed_dim;
  NormedText text;
  Similarity<Cpu<>> similarity;

  NormedModel() { initialise(static_cast<TextEncoder<Odd>&>(text), Rng{1}); }
  const Cpu<>& backend() const { return similarity.backend(); }
  TextInput text_input() const { return text.text_input(); }
  auto encode_prompts(auto& cx, const Texts& prompts, const auto& vectors) const {
    return text.encode_prompts(cx, prompts, vectors);
  }
};

}  // namespace

TEST_CASE("CoOp's logits and gradients are PyTorch's: text tower narrower than the features") {
  check_against_pytorch<TinyA>("tiny_a");
}
TEST_CASE("CoOp's logits and gradients are PyTorch's: text tower wider than the features") {
  check_against_pytorch<TinyB>("tiny_b");
}

TEST_CASE("a context before the names is computed once for all classes") {
  const Model<Odd> model{Rng{1}};
  const auto rows = [&](Place place, bool per_class) {
    const PromptLearner prompt{model, words, prompt_names, {.context = 8, .place = place, .per_class = per_class}};
    TextBatch batch;
    prefix_tree(prompt.prompts(), batch);
    return batch.sequences.rows();
  };
  // [start] 8 vectors; cat . [end]; polar; bear . [end]; fox . [end]
  CHECK(rows(Place::end, false) == 1 + 8 + 3 + 1 + 3 + 3);
  CHECK(rows(Place::end, true) == 1 + 3 * 8 + 3 + 4 + 4);
  // [start] 4 vectors; cat 4 vectors . [end]; polar; bear 4 vectors . [end]; fox 4 vectors . [end]
  CHECK(rows(Place::middle, false) == 1 + 4 + 7 + 1 + 7 + 7);
  CHECK(rows(Place::front, false) == 1 + 11 + 1 + 11 + 11);
}

TEST_CASE("a context of words begins as their embeddings: the prompt is that of the words") {
  const Model<Odd> model{Rng{1}};
  for (const bool per_class : {false, true}) {
    const PromptLearner prompt{model, words, prompt_names, {.per_class = per_class, .words = "a photo_a"}};
    CHECK(prompt.context() == 3);
    CHECK(prompt.ctx.shape == Shape{per_class ? 9 : 3, Odd.text.width});
    const std::vector<std::string> spelled{"a photo a cat.", "a photo a polar bear.", "a photo a polar fox."};
    const auto found = prompt.text_features(), expected = model.encode_text(words(spelled, {.context = 17}));
    CHECK(std::ranges::equal(found.values(), expected.values()));
  }
}

TEST_CASE("training lowers the loss, changes the context only, and the classifier follows it") {
  const Model<Odd> model{Rng{1}}, same{Rng{1}};
  PromptLearner prompt{model, words, prompt_names, {.context = 2, .seed = 3}};
  CHECK(prompt.labels() == std::vector<std::string>{"cat", "polar bear", "polar fox"});
  LabelledFeatures<float> data{Features<float, dyn>{12, Size<dyn>{13}}, {}};
  Rng rng{5};
  for (float& x : data.features.values()) x = static_cast<float>(rng.normal());
  for (Index i = 0; i < 12; ++i) {
    data.labels.push_back(static_cast<std::int32_t>(i % 3));
    data.features[i][static_cast<std::size_t>(i % 3)] += 3;
  }
  auto options = coop_training(1, 12);
  CHECK(options.batch == 12);
  CHECK(options.epochs == 50);
  options.optimizer.learning_rate = 0.05f;
  std::vector<double> losses;
  train_prompts(prompt, data, options, [&](const TrainProgress& p) {
    losses.push_back(p.loss);
    return true;
  });
  CHECK(losses.size() == 50);
  CHECK(losses.back() < 0.9 * losses.front());
  std::vector<float> before, after;
  const auto all = [](std::vector<float>& to) {
    return [&to](std::string_view, const auto& p) { to.insert(to.end(), p.data, p.data + p.count()); };
  };
  visit_parameters(same, all(before));
  visit_parameters(model, all(after));
  CHECK(before == after);
  const auto classifier = prompt.classifier();
  CHECK(classifier.label(1) == "polar bear");
  const auto unit = normalized(prompt.text_features());
  CHECK(std::ranges::equal(classifier.classes().values(), unit.values()));
}

TEST_CASE("a saved prompt opens with the same bits; another model, context or class is one error") {
  const TemporaryFolder folder;
  const std::string path = folder / "prompt.safetensors";
  const Model<Odd> model{Rng{1}};
  for (const Place place : name_places)
    for (const bool per_class : {false, true}) {
      const PromptLearner prompt{
          model, words, prompt_names, {.context = 2, .place = place, .per_class = per_class, .seed = 9}};
      save_prompt(prompt, path);
      const auto opened = open_prompt(model, words, path);
      CHECK(opened.place() == place);
      CHECK(opened.per_class() == per_class);
      CHECK(std::equal(prompt.ctx.data, prompt.ctx.data + prompt.ctx.count(), opened.ctx.data));
      CHECK(opened.labels() == prompt.labels());
    }
  const PromptLearner saved{model, words, prompt_names, {.context = 2}};
  save_prompt(saved, path);
  const auto refused = [&](const auto& other_model, std::vector<std::string> names, const PromptOptions& options) {
    PromptLearner prompt{other_model, words, std::move(names), options};
    const std::vector<float> before(prompt.ctx.data, prompt.ctx.data + prompt.ctx.count());
    const auto done = try_load_prompt(prompt, path);
    REQUIRE(!done);
    CHECK(std::equal(before.begin(), before.end(), prompt.ctx.data));
    const std::string message = done.error().message();
    REQUIRE(message.starts_with(path + ": "));
    return message.substr(path.size() + 2);
  };
  CHECK(refused(model, prompt_names, {.context = 3}) == "context vectors: expected 3, found 2");
  CHECK(refused(model, prompt_names, {.context = 2, .place = Place::front}) ==
        "place of the name: expected front, found end");
  CHECK(refused(model, prompt_names, {.context = 2, .per_class = true}) ==
        "contexts: expected one per class, found one for all classes");
  CHECK(refused(model, {"cat", "fox"}, {.context = 2}) == "number of classes: expected 2, found 3");
  CHECK(refused(model, {"cat", "polar bear", "fox"}, {.context = 2}) == "class 2: expected fox, found polar fox");
  const Model<Odd> other{Rng{2}};
  CHECK(refused(other, prompt_names, {.context = 2})
            .starts_with(
                "cosine of the model's text feature of \"cat\" with that of the model the prompt was learned with: "
                "expected 0.99, found "));
  const Model<Tiny> small{Rng{1}};
  CHECK_THROWS_WITH_AS(open_prompt(small, PromptWords{12}, path),
                       (path + ": width of the context vectors: expected 8, found 20").c_str(), LoadError);
  write_file(path, as_byte_span("no tensors"));
  CHECK(!try_read_prompt(path));
}

TEST_CASE("bad classes and contexts are errors before anything is computed") {
  const Model<Odd> model{Rng{1}};
  const auto make = [&](std::vector<std::string> names, const PromptOptions& options) {
    const PromptLearner prompt{model, words, std::move(names), options};
  };
  CHECK_THROWS_WITH_AS(make({}, {}), "prompt learner: number of classes: expected 1 or more, found 0", OptionError);
  CHECK_THROWS_WITH_AS(make({"cat", "_"}, {}), "prompt learner: name of class 1: expected letters, found \" \"",
                       OptionError);
  CHECK_THROWS_WITH_AS(make({"polar bear", "cat", "polar_bear"}, {}),
                       "prompt learner: name of class 2: expected another than that of class 0, found \"polar bear\"",
                       OptionError);
  CHECK_THROWS_WITH_AS(make({"cat"}, {.context = 0}), "prompt learner: context vectors: expected 1 to 14, found 0",
                       OptionError);
  CHECK_THROWS_WITH_AS(make({"cat"}, {.context = 16}), "prompt learner: context vectors: expected 1 to 14, found 16",
                       OptionError);
  CHECK_THROWS_WITH_AS(
      make({"cat", "polar bear"}, {.context = 13}),
      "class \"polar bear\": tokens of the prompt, with 13 context vectors: expected at most 17, found more",
      InputError);
}

TEST_CASE("a text tower with batch norms learns on tapes that evaluate, as the trainer's are") {
  const NormedModel model;
  PromptLearner prompt{model, words, prompt_names, {.context = 2}};
  LabelledFeatures<float> data{Features<float, dyn>{3, Size<dyn>{13}}, {0, 1, 2}};
  std::ranges::fill(data.features.values(), 1.0f);
  Parameters learned{prompt};
  Tape tape{learned}, evaluating{learned, {.evaluation = true}};
  CHECK_THROWS_WITH_AS(
      prompt.logits(tape, constant(tape, data.features)),
      "prompt learner: tape: expected one with TapeOptions::evaluation, as the text tower has batch norms, found one "
      "without",
      OptionError);
  CHECK(prompt.logits(evaluating, constant(evaluating, data.features)).rows() == 3);
  auto options = coop_training(1, 3);
  options.epochs = 1;
  train_prompts(prompt, data, options);
}

TEST_CASE("rows that a tokenizer fills, without a start of text, keep their length") {
  const auto filled = [](std::span<const std::string> texts, const TokenizeOptions& options) {
    Texts rows = Texts::whole(1);
    for (const std::string& text : texts) {  // one id per letter
      std::vector<std::int32_t> row;
      for (const char letter : text) row.push_back(letter);
      row.resize(static_cast<std::size_t>(options.context), 1);
      rows.add(row, static_cast<Index>(text.size()) >= options.context);
    }
    return rows;
  };
  const TextInput input{10, 128, {.end = 1, .pad = 1, .start = false, .attends_pad = true}};
  const auto ids = [&](Place place, Index first) {
    const ContextPrompts prompts{input, filled, {"a", "bc"}, {.context = 3, .place = place}};
    Texts texts = prompts.batch();
    prompts.add(texts, 1, first);
    return std::vector<std::int32_t>(texts[0].begin(), texts[0].end());
  };
  CHECK(ids(Place::end, 0) == std::vector<std::int32_t>{-1, -2, -3, 'b', 'c', '.', 1, 1, 1, 1});
  CHECK(ids(Place::middle, 0) == std::vector<std::int32_t>{-1, 'b', 'c', -2, -3, '.', 1, 1, 1, 1});
  CHECK(ids(Place::front, 6) == std::vector<std::int32_t>{'b', 'c', -7, -8, -9, '.', 1, 1, 1, 1});
}

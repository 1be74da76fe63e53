// A text tower that averages words: features and gradients by hand, the promises of every family, files.
#include <clip/autograd/tape.hpp>
#include <clip/backend/cpu.hpp>
#include <clip/backend/naive.hpp>
#include <clip/checkpoint/open.hpp>
#include <clip/data/pairs.hpp>
#include <clip/families.hpp>
#include <clip/model/any_model.hpp>
#include <clip/model/config_json.hpp>
#include <clip/model/initialise.hpp>
#include <clip/model/model.hpp>
#include <clip/optim/adamw.hpp>
#include <clip/tower/cbow_text/description.hpp>
#include <clip/train/objective.hpp>

#include "../../support/matrix.hpp"
#include "../../support/small_models.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace {

using namespace clip;
using namespace clip::testing;

inline constexpr ClipConfig<VitConfig, CbowTextConfig> OddCbow{
    .embed_dim = 13, .image = Odd.image, .text = {.context = 17, .vocabulary = 31, .width = 11}};
using CbowFamilies = Families<List<VitConfig>, List<TextConfig, CbowTextConfig>>;

/// Rows with [CLS] and [SEP] around words, some without a word, some with padding at the end.
Texts bags(Index n, Rng rng) {
  Texts texts = Texts::whole(0);
  for (Index i = 0; i < n; ++i) {
    std::vector<std::int32_t> row{2};
    for (std::uint64_t words = rng.below(14); words > 0; --words)
      row.push_back(static_cast<std::int32_t>(4 + rng.below(27)));
    if (i % 3 == 0) row.push_back(1);
    row.push_back(3);
    if (i % 4 == 0) row.push_back(0);
    texts.add(row);
  }
  return texts;
}

/// The ids of a text that are averaged.
std::vector<std::int32_t> words_of(Ids row) {
  std::vector<std::int32_t> words;
  for (const std::int32_t id : row)
    if (id >= 4) words.push_back(id);
  return words.empty() ? std::vector<std::int32_t>(row.begin(), row.end()) : words;
}

/// Text i of a batch, alone.
Texts one_of_whole(const Texts& texts, Index i) {
  Texts one = Texts::whole(0);
  one.add(texts[i]);
  return one;
}

bool same(std::span<const float> a, std::span<const float> b) { return std::ranges::equal(a, b); }

}  // namespace

TEST_CASE_TEMPLATE("averaged words: features and gradients are those of the formula", B, Cpu<>, Naive<double>) {
  using T = typename B::Scalar;
  const double tolerance = sizeof(T) == 4 ? 1e-5 : 1e-12;
  TextEncoder<OddCbow, B> text;
  initialise(text, Rng{1});
  const Texts texts = bags(9, Rng{2});
  const Index width = 11, embed = 13;
  std::vector<double> table(text.tower.token_embedding.data, text.tower.token_embedding.data + 31 * width),
      projection(text.tower.text_projection.data, text.tower.text_projection.data + width * embed);
  Values expected, dtable(table.size(), 0.0), dprojection(projection.size(), 0.0);
  for (Index i = 0; i < texts.size(); ++i) {
    const auto words = words_of(texts[i]);
    Values mean(11, 0.0), y(13, 0.0), dmean(11, 0.0);
    for (const std::int32_t id : words)
      for (Index j = 0; j < width; ++j)
        mean[static_cast<std::size_t>(j)] +=
            table[static_cast<std::size_t>(id * width + j)] / static_cast<double>(words.size());
    for (Index j = 0; j < width; ++j)
      for (Index k = 0; k < embed; ++k)
        y[static_cast<std::size_t>(k)] +=
            mean[static_cast<std::size_t>(j)] * projection[static_cast<std::size_t>(j * embed + k)];
    for (Index j = 0; j < width; ++j)
      for (Index k = 0; k < embed; ++k) {
        dmean[static_cast<std::size_t>(j)] +=
            2 * y[static_cast<std::size_t>(k)] * projection[static_cast<std::size_t>(j * embed + k)];
        dprojection[static_cast<std::size_t>(j * embed + k)] +=
            2 * y[static_cast<std::size_t>(k)] * mean[static_cast<std::size_t>(j)];
      }
    for (const std::int32_t id : words)
      for (Index j = 0; j < width; ++j)
        dtable[static_cast<std::size_t>(id * width + j)] +=
            dmean[static_cast<std::size_t>(j)] / static_cast<double>(words.size());
    expected.insert(expected.end(), y.begin(), y.end());
  }
  const auto found = text.encode_text(texts);
  CHECK(max_difference(Values(found.values().begin(), found.values().end()), expected) < tolerance);

  Parameters<B> parameters{text};
  Tape<B> tape{parameters};
  const auto y = text.encode_text(tape, texts);
  std::vector<T> twice;  // the gradient of the sum of squares
  for (const double x : values_of(tape.backend(), View<const T>{y.view})) twice.push_back(static_cast<T>(2 * x));
  tape.backward(y, View<const T>{twice.data(), y.rows(), y.cols()});
  for (const auto& e : parameters.entries()) {
    const Values gradient = values_of(tape.backend(), View<const T>{e.gradient});
    CHECK(max_difference(gradient, e.name == "text_projection" ? dprojection : dtable) < tolerance);
  }
}

TEST_CASE("averaged words: the same bits alone and in a batch, with any threads, of fixed and open sizes, packed") {
  const Texts texts = bags(700, Rng{3});
  using Fixed = TextEncoder<OddCbow, Cpu<float>>;
  Fixed one{Cpu<float>{{.threads = 1}}}, packed{Cpu<float>{{.threads = 3}}};
  initialise(one, Rng{1});
  initialise(packed, Rng{1});
  packed.pack();
  AnyTextEncoder<Cpu<float>, CbowFamilies::Texts> open{CbowFamilies::Texts::Variant{OddCbow.text}, 13};
  initialise(open, Rng{1});
  const auto together = one.encode_text(texts), threads = packed.encode_text(texts);
  const auto any = open.encode_text(texts);
  for (Index i = 0; i < texts.size(); i += 37) {
    const auto alone = one.encode_text(one_of_whole(texts, i));
    CHECK(same(alone[0], together[i]));
    CHECK(same(threads[i], together[i]));
    CHECK(same(any[i], together[i]));
  }
  REQUIRE_FALSE(same(together[0], together[1]));
}

TEST_CASE("averaged words: order and padding do not matter, nor does a special id beside words") {
  TextEncoder<OddCbow, Cpu<float>> text;
  initialise(text, Rng{1});
  Texts texts = Texts::whole(0);
  texts.add(std::vector<std::int32_t>{2, 7, 9, 3});
  texts.add(std::vector<std::int32_t>{7, 9});
  texts.add(std::vector<std::int32_t>{2, 7, 1, 9, 3, 0, 0, 0});
  const auto features = text.encode_text(texts);
  CHECK(same(features[0], features[1]));
  CHECK(same(features[0], features[2]));
}

TEST_CASE("averaged words: a pair trains, is saved and opened, and states what it is") {
  Model<OddCbow, Cpu<float>> model{Rng{3}, Cpu<float>{{.threads = 2}}};
  const Pairs pairs{random_images(OddCbow, 8, Rng{4}), bags(8, Rng{5})};
  Parameters parameters{model};
  Tape tape{parameters};
  AdamW optimizer{parameters, {.learning_rate = 1e-2f}};
  double first = 0, last = 0;
  for (int step = 0; step < 20; ++step) {
    tape.clear();
    const auto loss = Contrastive{}(tape, model, pairs);
    tape.backward(loss);
    last = value_of(tape, loss);
    if (step == 0) first = last;
    optimizer.step();
  }
  CHECK(last < 0.8 * first);

  const std::string path = (std::filesystem::temp_directory_path() / "clip_cbow_test.safetensors").string();
  save(model, path);
  const auto again = open<Cpu<float>, CbowFamilies>(path);
  std::filesystem::remove(path);
  CHECK(again.config() == AnyConfigOf<CbowFamilies>{OddCbow});
  const Texts texts = bags(5, Rng{6});
  const auto a = model.encode_text(texts);
  const auto b = again.encode_text(texts);
  CHECK(same(a.values(), b.values()));

  const AnyConfig config{OddCbow};
  CHECK(try_parse_config(config_text(config), "x.json").value() == config);
  CHECK_FALSE(Description<CbowTextConfig>::try_write_openclip(OddCbow.text, "x"));
  CHECK(std::string(problem(CbowTextConfig{.context = 77, .vocabulary = 4, .width = 8})) ==
        "CbowTextConfig: sizes must be positive, context at least 2 and vocabulary at least 5");
}

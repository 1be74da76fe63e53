#include <clip/model/reduce_vocabulary.hpp>

#include <clip/core/rng.hpp>

#include "../io/temporary_folder.hpp"
#include "../support/small_models.hpp"
#include "../tokenizer/sentencepiece/piece_files.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

using namespace clip;
using namespace clip::testing;

namespace {

/// Bytes, three merges, start and end of text.
inline constexpr auto Words = [] {
  auto c = Tiny;
  c.text.vocabulary = 517;
  return c;
}();
inline constexpr auto Uncausal = [] {
  auto c = Words;
  c.text.causal = false;
  return c;
}();

AnyTokenizer words() { return AnyTokenizer{Tokenizer::from_merges({{"c", "a"}, {"ca", "t</w>"}, {"a", "t</w>"}})}; }
AnyTokenizer pieces(const char* model) {
  const TemporaryFolder folder;
  put(folder / "spiece.model", piece_file(model));
  return AnyTokenizer{folder.path};
}
AnyConfig siglip_of(const AnyTokenizer& tokenizer) {
  auto c = OddSiglip;
  c.text.vocabulary = tokenizer.vocabulary_size();
  c.text.pad = tokenizer.row().pad;
  c.text.context = 12;
  return c;
}

template <class M>
std::vector<float> text_features(const M& model, const Texts& texts) {
  const auto features = model.encode_text(texts);
  return {features.values().begin(), features.values().end()};
}

/// The reduced model gives the features of the whole one, bit for bit, on the texts it was made for.
template <class M>
auto check_reduced(const M& model, const AnyTokenizer& tokenizer, const std::vector<std::string>& texts) {
  const TokenizeOptions how{.context = model.text_input().context, .too_long = TooLong::truncate};
  const Texts ids = tokenizer(texts, how);
  auto reduced = reduce_vocabulary(model, tokenizer, ids);
  CHECK(reduced.model.text_input().vocabulary < model.text_input().vocabulary);
  CHECK(reduced.model.text_input().vocabulary == reduced.tokenizer.vocabulary_size());
  const std::vector<float> expected = text_features(model, ids);
  CHECK(text_features(reduced.model, reduced.tokenizer(texts, how)) == expected);
  CHECK(std::ranges::any_of(expected, [](float x) { return x != 0; }));
  const auto whole_ids = model.try_encode_text(reduced.tokenizer(texts, how));
  REQUIRE(!whole_ids);  // neither model takes the texts of the other's tokenizer
  CHECK(whole_ids.error().id() == "clip.input.vocabulary");
  CHECK(reduced.model.try_encode_text(ids).error().id() == "clip.input.vocabulary");
  return reduced;
}

const std::vector<std::string> captions{"a cat", "at a cat", "a"};

}  // namespace

TEST_CASE("a reduced Model keeps its other sizes in its type, and all other weights") {
  const Model<Words> model{Rng{1}};
  const auto reduced = check_reduced(model, words(), captions);
  using Small = std::remove_cvref_t<decltype(reduced.model)>;
  static_assert(Small::embed_dim == Words.embed_dim);
  static_assert(std::is_same_v<typename Small::Image::TowerConfig, VitConfig>);
  CHECK(reduced.model.config().text.vocabulary == reduced.tokenizer.vocabulary_size());
  const Images images = random_images(Words, 2, Rng{2});
  const auto a = model.encode_image(images), b = reduced.model.encode_image(images);
  CHECK(std::ranges::equal(a.values(), b.values()));
  CHECK(reduced.model.similarity.temperature() == model.similarity.temperature());
}

TEST_CASE("an AnyModel is reduced with the vocabulary of every kind of tokenizer") {
  SUBCASE("byte pairs") { check_reduced(AnyModel<>{AnyConfig{Words}, Rng{1}}, words(), captions); }
  SUBCASE("byte pairs, a tower that reads its padding") {
    check_reduced(AnyModel<>{AnyConfig{Uncausal}, Rng{1}}, words(), captions);
  }
  SUBCASE("unigram pieces") {
    const AnyTokenizer tokenizer = pieces("unigram.model");
    check_reduced(AnyModel<>{siglip_of(tokenizer), Rng{1}}, tokenizer, captions);
  }
  SUBCASE("pieces by merging") {
    const AnyTokenizer tokenizer = pieces("bpe.model");
    check_reduced(AnyModel<>{siglip_of(tokenizer), Rng{1}}, tokenizer, captions);
  }
}

TEST_CASE("a text encoder is reduced alone, and a packed model like one in rows") {
  AnyModel<> model{AnyConfig{Words}, Rng{1}};
  const Texts texts = words()(captions, {.context = 9});
  std::vector<std::int32_t> used;
  for (Index i = 0; i < texts.size(); ++i) used.insert(used.end(), texts[i].begin(), texts[i].end());
  const KeptIds kept = kept_ids(model.text_input(), words(), used);
  const Texts reduced = words().reduced(kept)(captions, {.context = 9});
  const std::vector<float> expected = text_features(model, texts);
  model.pack();
  CHECK(text_features(reduce_vocabulary(model, kept), reduced) == expected);

  TextEncoder<Words> text;
  initialise(text, Rng{1});
  CHECK(text_features(reduce_vocabulary(text, kept), reduced) == text_features(text, texts));
  model.unpack();
  CHECK(text_features(reduce_vocabulary(model.text, kept), reduced) == expected);
}

TEST_CASE("ids that the tower reads by number are kept, and a vocabulary of another size is refused") {
  const TextInput input = AnyConfig{Uncausal}.text_input();
  const KeptIds kept = kept_ids(input, words(), {});
  CHECK(kept.ids() == std::vector<std::int32_t>{0, 515, 516});
  CHECK(kept_ids(AnyConfig{Words}.text_input(), words(), {}).ids() == std::vector<std::int32_t>{515, 516});
  const AnyModel<> model{AnyConfig{Uncausal}, Rng{1}};
  CHECK(
      try_reduce_vocabulary(model, KeptIds::try_make(517, {1, 515, 516}).value()).error().message() ==
      "reduced vocabulary: ids to keep: expected all below 1, which the text tower reads by number, found none that is "
      "0");
  CHECK(try_reduce_vocabulary(model, KeptIds::try_make(518, {0, 516, 517}).value()).error().id() ==
        "clip.input.vocabulary");
  CHECK(try_kept_ids(input, AnyTokenizer{Tokenizer{}}, {}).error().id() == "clip.input.vocabulary");
  const std::vector<std::int32_t> beyond{517};
  CHECK(try_kept_ids(input, words(), beyond).error().id() == "clip.input.tokens");
}

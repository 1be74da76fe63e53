// The text encoder alone, and its errors.
#include <clip/autograd/inference.hpp>
#include <clip/backend/cpu.hpp>
#include <clip/model/any_encoder.hpp>
#include <clip/model/context_vectors.hpp>
#include <clip/model/initialise.hpp>
#include <clip/model/text_encoder.hpp>
#include <clip/tokenizer/tokenizer.hpp>
#include <clip/tokenizer/wordpiece.hpp>
#include <clip/tokens/learned.hpp>
#include <clip/tower/list.hpp>

#include "../support/small_models.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <thread>

using namespace clip;
using namespace clip::testing;

namespace {

using Encoder = TextEncoder<Tiny, Cpu<float>>;

const Encoder& encoder() {
  static const Encoder made = [] {
    Encoder encoder;
    initialise(encoder, Rng{8});
    return encoder;
  }();
  return made;
}

Texts of_ids(const std::vector<std::int32_t>& ids, std::int32_t eot = 11) {
  Texts texts{eot};
  texts.add(std::vector<std::int32_t>{10, 11});
  texts.add(ids);
  return texts;
}

}  // namespace

TEST_CASE("a token outside the vocabulary is an InputError that names the text") {
  CHECK_THROWS_WITH_AS(encoder().encode_text(of_ids({10, 12, 11})), "text 1: token id: expected 0 to 11, found 12",
                       InputError);
  CHECK_THROWS_WITH_AS(encoder().encode_text(of_ids({10, -1, 11})), "text 1: token id: expected 0 to 11, found -1",
                       InputError);
  Texts other{49407};
  other.add(std::vector<std::int32_t>{49406, 49407});
  CHECK_THROWS_AS(encoder().encode_text(other), InputError);
}

TEST_CASE("a text longer than the context is an InputError that names the text") {
  CHECK_NOTHROW(encoder().encode_text(of_ids({10, 1, 2, 3, 4, 5, 6, 7, 11})));
  CHECK_THROWS_WITH_AS(encoder().encode_text(of_ids({10, 1, 2, 3, 4, 5, 6, 7, 8, 11})),
                       "text 1: tokens: expected at most 9, found 10", InputError);
  CHECK_THROWS_AS(encoder().states(of_ids({10, 1, 2, 3, 4, 5, 6, 7, 8, 11}), {.padded = true}), InputError);
}

TEST_CASE("ids of another tokenizer are an InputError in every call, though all of them are ids of the model too") {
  constexpr Index most = 514 + 8;  // more ids than either tokenizer has
  TextConfig config = Tiny.text;
  config.vocabulary = most;
  using Dynamic = AnyTextEncoder<Cpu<float>, KnownFamilies::Texts>;
  const Dynamic any{config, 6};
  const std::string wordpieces = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\ndog\n";
  const auto refused = [&](const Texts& texts, const std::string& place, Index size) {
    const std::string sentence = place + ": ids of the vocabulary: expected " + std::to_string(most) +
                                 ", as many as the model has token embeddings, found " + std::to_string(size);
    CHECK_THROWS_WITH_AS(any.encode_text(texts), sentence.c_str(), InputError);
    CHECK(any.try_encode_text(texts).error().id() == "clip.input.vocabulary");
    Inference<Cpu<float>> cx;
    CHECK_THROWS_WITH_AS(any.encode_text(cx, texts), sentence.c_str(), InputError);
    any.visit([&](const auto& encoder) {
      CHECK_THROWS_WITH_AS(encoder.states(texts), sentence.c_str(), InputError);
      CHECK_THROWS_WITH_AS(encoder.states(texts, {.padded = true}), sentence.c_str(), InputError);
    });
  };
  const Texts bytes = Tokenizer{}("dog", {.context = 9});
  refused(bytes, "no merges", 514);
  refused(WordPiece::try_parse(wordpieces, "vocab.txt").value()("a dog", {.context = 9}), "vocab.txt", 7);
  Texts copied;  // rows keep the vocabulary of the batch they came from
  copied.append(bytes, 0);
  refused(copied, "no merges", 514);

  const Texts prompts = with_learned(bytes, 1);
  Inference<Cpu<float>> cx;
  const ContextVectors vectors{1, 8, Rng{1}, Cpu<float>{}};
  CHECK_THROWS_AS(any.encode_prompts(cx, prompts, vectors.ctx), InputError);
  // The same ids made by hand carry no vocabulary: they are the caller's word.
  Texts by_hand{513};
  by_hand.add(bytes[0]);
  CHECK_NOTHROW((void)any.encode_text(by_hand));
}

TEST_CASE("rows that end with another id than their vocabulary's end of text are an InputError") {
  Texts texts = of_ids({10, 1, 11});
  texts.set_vocabulary(std::make_shared<const VocabularyIdentity>(VocabularyIdentity{"v", 12, 11, {}, {}}));
  CHECK_NOTHROW((void)encoder().encode_text(texts));
  texts.set_vocabulary(std::make_shared<const VocabularyIdentity>(VocabularyIdentity{"v", 12, 7, {}, {}}));
  CHECK_THROWS_WITH_AS(encoder().encode_text(texts), "v: end-of-text id of the texts: expected 7, found 11",
                       InputError);
  CHECK(encoder().try_encode_text(texts).error().id() == "clip.input.vocabulary");
}

TEST_CASE("no texts are an InputError") {
  CHECK_THROWS_WITH_AS(encoder().encode_text(no_texts(Tiny)),
                       "encode_text: number of texts: expected 1 or more, found 0", InputError);
}

TEST_CASE("equal texts have equal features, in the order of the texts") {
  Texts texts = no_texts(Tiny);
  for (const auto& tokens : std::vector<std::vector<std::int32_t>>{{3, 4}, {1}, {3, 4}, {}})
    add_text(Tiny, texts, tokens);
  const auto features = encoder().encode_text(texts);
  CHECK(std::ranges::equal(features[0], features[2]));
  CHECK_FALSE(std::ranges::equal(features[0], features[1]));
  CHECK_FALSE(std::ranges::equal(features[1], features[3]));
}

TEST_CASE("states are the rows of each text, ragged or padded") {
  const Texts texts = of_ids({10, 1, 2, 11});
  const auto ragged = encoder().states(texts);
  CHECK(ragged.begin == std::vector<Index>{0, 2, 6});
  CHECK(ragged.rows.shape() == Shape{6, 8});
  const auto padded = encoder().states(texts, {.padded = true});
  CHECK(padded.begin == std::vector<Index>{0, 9, 18});
  CHECK(padded.rows.shape() == Shape{18, 8});
  for (Index i = 0; i < 2; ++i)
    for (Index r = 0; r < texts.eot(i) + 1; ++r)
      for (Index c = 0; c < 8; ++c)
        CHECK(ragged.rows.view()(ragged.begin[static_cast<std::size_t>(i)] + r, c) == padded.rows.view()(9 * i + r, c));
  CHECK_THROWS_WITH_AS(encoder().states(texts, {.layer = 3}), "states: layer: expected -3 to 2, found 3", OptionError);
}

TEST_CASE("the caller's context gives the bits of owned features") {
  const Texts texts = random_texts(Tiny, 12, Rng{4});
  const auto owned = encoder().encode_text(texts);
  Inference<Cpu<float>> cx;
  for (int time = 0; time < 2; ++time) {
    const auto rows = encoder().encode_text(cx, texts);
    CHECK(std::ranges::equal(owned.values(), std::span<const float>(rows.view.data, owned.values().size())));
  }
}

TEST_CASE("threads encode concurrently, with the same bits") {
  const Texts texts = random_texts(Tiny, 12, Rng{5});
  const auto expected = encoder().encode_text(texts);
  bool same[2] = {true, true};
  std::thread workers[2];
  for (int t = 0; t < 2; ++t)
    workers[t] = std::thread{[&, t] {
      for (int i = 0; i < 40; ++i) {
        const auto features = encoder().encode_text(texts);
        same[t] = same[t] && std::ranges::equal(features.values(), expected.values());
      }
    }};
  for (auto& worker : workers) worker.join();
  CHECK(same[0]);
  CHECK(same[1]);
}

// The text encoder alone, and its errors.
#include <clip/autograd/inference.hpp>
#include <clip/backend/cpu.hpp>
#include <clip/model/initialise.hpp>
#include <clip/model/text_encoder.hpp>

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
  CHECK_THROWS_WITH_AS(encoder().states(texts, {.layer = 3}), "states: layer: expected 2, found 3", OptionError);
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

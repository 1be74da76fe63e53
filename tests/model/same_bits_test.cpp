// A result does not depend on how work is grouped: not on the batch, its order, threads, or shared prefixes. Of a backend
// that promises this bit for bit, as Cpu does.
#include <clip/backend/cpu.hpp>
#include <clip/model/model.hpp>

#include "../support/grouping.hpp"
#include "../support/small_models.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

using namespace clip;
using namespace clip::testing;

namespace {

using OddModel = Model<Odd, Cpu<float>>;

bool same(std::span<const float> a, std::span<const float> b) { return agree_in_any_group<Cpu<float>>(a, b); }

/// The first n texts.
Texts first(const Texts& texts, Index n) {
  Texts some{texts.eot_id()};
  for (Index i = 0; i < n; ++i) some.append(texts, i);
  return some;
}

Images first(const Images& images, Index n) {
  const auto values = images.values().first(static_cast<std::size_t>(n) * images.image(0).size());
  return Images::from_floats(n, images.channels(), images.height(), images.width(), {values.begin(), values.end()});
}

}  // namespace

TEST_CASE("an image's features have the same bits alone and in a batch of any size, with any number of threads") {
  const Images images = random_images(Odd, 64, Rng{40});
  const OddModel reference{Rng{1}, Cpu<float>{{.threads = 1}}};
  std::vector<Features<float, 13>> alone;
  for (Index i = 0; i < images.size(); ++i) alone.push_back(reference.encode_image(one_of(images, i)));
  REQUIRE_FALSE(same(alone[0][0], alone[1][0]));
  for (const int threads : {1, 2, 3}) {
    const OddModel model{Rng{1}, Cpu<float>{{.threads = threads}}};
    for (const Index n : {1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 25, 64}) {
      const auto features = model.encode_image(first(images, n));
      for (Index i = 0; i < n; ++i) {
        INFO("image ", i, " of ", n, ", threads ", threads);
        CHECK(same(features[i], alone[static_cast<std::size_t>(i)][0]));
      }
    }
  }
}

TEST_CASE("a text's features have the same bits alone and in a batch of any size, with any number of threads") {
  const Texts texts = random_texts(Odd, 64, Rng{41});
  const OddModel reference{Rng{1}, Cpu<float>{{.threads = 1}}};
  std::vector<Features<float, 13>> alone;
  for (Index i = 0; i < texts.size(); ++i) alone.push_back(reference.encode_text(one_of(texts, i)));
  REQUIRE_FALSE(same(alone[0][0], alone[1][0]));
  for (const int threads : {1, 2, 3}) {
    const OddModel model{Rng{1}, Cpu<float>{{.threads = threads}}};
    for (const Index n : {1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 25, 64}) {
      const auto features = model.encode_text(first(texts, n));
      for (Index i = 0; i < n; ++i) {
        INFO("text ", i, " of ", n, ", threads ", threads);
        CHECK(same(features[i], alone[static_cast<std::size_t>(i)][0]));
      }
    }
  }
}

TEST_CASE("a text's features have the same bits in a batch with a text that shares none, some or all of its tokens") {
  const OddModel model{Rng{1}};
  const std::vector<std::int32_t> tokens{3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9};  // a full context
  Texts text = no_texts(Odd);
  add_text(Odd, text, tokens);
  const auto alone = model.encode_text(text);
  for (std::size_t shared = 0; shared <= tokens.size(); ++shared) {
    std::vector<std::int32_t> longer(tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(shared)),
        ends_there = longer;
    while (longer.size() < tokens.size()) longer.push_back(20);
    Texts batch = no_texts(Odd);
    add_text(Odd, batch, longer);
    add_text(Odd, batch, tokens);
    add_text(Odd, batch, ends_there);
    const auto features = model.encode_text(batch);
    INFO(shared, " tokens shared");
    CHECK(same(features[1], alone[0]));
    for (Index other : {0, 2}) {
      const auto expected = model.encode_text(one_of(batch, other));
      CHECK(same(features[other], expected[0]));
    }
  }
}

TEST_CASE("chunks of any size give the same bits") {
  const OddModel model{Rng{1}};
  const Images images = random_images(Odd, 11, Rng{42});
  const auto whole = model.image.encode_image(images);
  for (const Index chunk : {1, 2, 4, 11, 100}) {
    const auto features = model.image.encode_image(images, chunk);
    INFO("chunk ", chunk);
    CHECK(same(features.values(), whole.values()));
  }
}

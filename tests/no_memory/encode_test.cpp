// Encoding, classification, preprocessing and training where memory runs out.
#include "failing_allocator.hpp"

#include <clip/autograd/tape.hpp>
#include <clip/backend/cpu.hpp>
#include <clip/image/preprocess.hpp>
#include <clip/loss/contrastive.hpp>
#include <clip/model/model.hpp>
#include <clip/optim/adamw.hpp>
#include <clip/task/zero_shot.hpp>
#include <clip/tokenizer/tokenizer.hpp>

#include "../support/small_models.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

using namespace clip;
using namespace clip::testing;

namespace {

/// With the byte tokenizer's vocabulary.
inline constexpr auto Bytes = [] {
  auto c = Tiny;
  c.text.vocabulary = 514;
  c.text.context = 30;
  return c;
}();

template <class HasValues>
std::vector<float> copied(const HasValues& all) {
  return {all.values().begin(), all.values().end()};
}

/// A model whose scratch and context have seen one small batch: larger ones make them grow.
template <const auto& Config>
auto used_model(int threads) {
  auto model = std::make_unique<Model<Config>>(Rng{1}, Cpu<>{{.threads = threads}});
  model->encode_image(random_images(Config, 1, Rng{2}));
  model->encode_text(random_texts(Config, 1, Rng{3}));
  return model;
}

template <const auto& Config>
void check_encoders(int threads) {
  const Images images = random_images(Config, 7, Rng{4});
  const Texts texts = random_texts(Config, 9, Rng{5});
  const auto make = [&] { return used_model<Config>(threads); };
  check_without_memory(make, [&](const Model<Config>& model) { return copied(model.encode_image(images)); });
  check_without_memory(make, [&](const Model<Config>& model) { return copied(model.encode_text(texts)); });
}

std::vector<Image> photos(std::uint8_t shade) {
  std::vector<Image> all;
  for (int i = 0; i < 4; ++i) {
    all.emplace_back(61 + i, 47, Pixels::rgb,
                     std::vector<std::uint8_t>(static_cast<std::size_t>((61 + i) * 47 * 3), shade));
    all.emplace_back(23, 31 + i, Pixels::rgba,
                     std::vector<std::uint8_t>(static_cast<std::size_t>(23 * (31 + i) * 4), shade));
    all.emplace_back(40, 30, Pixels::gray16, std::vector<std::uint8_t>(40 * 30 * 2, shade));
  }
  return all;
}

}  // namespace

TEST_CASE("encoders without memory: an exception, and the same bits afterwards") {
  for (const int threads : {1, 3}) {
    check_encoders<Odd>(threads);
    check_encoders<SmallResNet>(threads);
  }
}

TEST_CASE("a new model without memory, or packed without memory") {
  struct Nothing {};
  const Images images = random_images(Odd, 3, Rng{4});
  const auto none = [] { return std::make_unique<Nothing>(); };
  check_without_memory(none, [&](Nothing&) {
    const Model<Odd> model{Rng{1}, Cpu<>{{.threads = 2}}};
    return copied(model.encode_image(images));
  });
  check_without_memory([] { return used_model<Odd>(2); },
                       [&](Model<Odd>& model) {
                         model.pack();
                         return copied(model.encode_image(images));
                       });
}

TEST_CASE("classification without memory") {
  const Tokenizer tokenizer;
  const std::vector<Image> images = photos(90);
  check_without_memory([] { return used_model<Bytes>(2); },
                       [&](const Model<Bytes>& model) {
                         const auto classify = zero_shot(model, tokenizer, ClassNames{"cat", "dog", "fire engine"},
                                                         std::vector<std::string>{"a photo of a {}.", "the {}"});
                         const auto features =
                             model.encode_image(preprocess(model.input(), std::span<const Image>{images}));
                         const auto probabilities = classify.probabilities(features);
                         std::vector<float> all = copied(features);
                         for (Index i = 0; i < features.size(); ++i)
                           all.insert(all.end(), probabilities[i].begin(), probabilities[i].end());
                         return all;
                       });
}

TEST_CASE("preprocessing into reused memory that cannot grow") {
  struct Reused {
    ThreadPool threads{2};
    Images out;
    PreprocessMemory alone, together;
  };
  const std::vector<Image> images = photos(70);
  auto input = Model<Odd>{}.input();
  for (const Resampling resampling : {Resampling::pillow13, Resampling::torchvision}) {
    input.preprocessing.resampling = resampling;
    const auto make = [&] {
      auto reused = std::make_unique<Reused>();
      const std::span first{images.data(), 1};
      preprocess(input, first, reused->out, reused->alone);
      try_preprocess(input, first, reused->out, reused->threads, reused->together).value();
      return reused;
    };
    check_without_memory(make, [&](Reused& reused) {
      preprocess(input, std::span<const Image>{images}, reused.out, reused.alone);
      std::vector<float> all = copied(std::as_const(reused.out));
      try_preprocess(input, std::span<const Image>{images}, reused.out, reused.threads, reused.together).value();
      all.insert(all.end(), reused.out.values().begin(), reused.out.values().end());
      return all;
    });
  }
}

TEST_CASE("a training step without memory, taken again") {
  struct Training {
    Model<Tiny> model;
    Parameters<Cpu<>> table{model};
    AdamW<Cpu<>> optimizer{table};
    Tape<Cpu<>> tape;

    Training(int threads, bool recompute)
        : model{Rng{1}, Cpu<>{{.threads = threads}}}, tape{table, {.recompute = recompute}} {}

    std::vector<float> step(Index n) {
      std::vector<float> all;  // what it will hold is taken first: after the step nothing may fail
      all.reserve(static_cast<std::size_t>(2 * table.count()));
      tape.clear();
      table.clear_gradients();
      const Texts texts = random_texts(Tiny, n, Rng{3});
      const auto loss = contrastive(tape, model.encode_image(tape, random_images(Tiny, n, Rng{2})),
                                    model.encode_text(tape, texts), model.similarity, texts.groups());
      tape.backward(loss);
      for (const auto& e : table.entries())
        all.insert(all.end(), e.gradient.data, e.gradient.data + e.gradient.rows * e.gradient.cols);
      optimizer.step();
      for (const auto& e : table.entries())
        all.insert(all.end(), e.value.data, e.value.data + e.value.rows * e.value.cols);
      return all;
    }
  };
  for (const bool recompute : {false, true}) {
    const auto make = [&] {
      auto training = std::make_unique<Training>(2, recompute);
      training->step(2);
      return training;
    };
    // A step that succeeded must not be repeated: only one that failed is taken again.
    long failures = 0;
    std::vector<float> expected;
    const auto counted = make();
    const long total = allocations_in([&] { expected = counted->step(7); });
    for (const bool lasting : {false, true})
      for (long at = 0; at < total; at += total / 50 + 1) {
        INFO("allocation ", at, " of ", total, lasting ? " and all that follow" : "");
        const auto training = make();
        bool failed = false;
        try {
          const FailingAllocation fails{at, lasting};
          const std::vector<float> result = training->step(7);
          CHECK(result == expected);
        } catch (const std::bad_alloc&) { failed = true; }
        if (failed) CHECK(training->step(7) == expected);
        failures += failed ? 1 : 0;
      }
    CHECK(failures > 0);
  }
}

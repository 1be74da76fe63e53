// tests/train/toy.hpp: a task that is learnt in a second: noisy images of a few kinds with a caption per kind.
#pragma once

#include <clip/backend/naive.hpp>
#include <clip/model/model.hpp>
#include <clip/train/trainer.hpp>

#include "../io/temporary_folder.hpp"
#include "../support/small_models.hpp"

#include <limits>
#include <span>
#include <string>
#include <vector>

namespace clip::testing {

/// Pair i is of kind i mod kinds. The noise of an image is drawn from the rng of its step.
struct ToyPairs {
  static constexpr Index kinds = 12;
  Index pairs = 48;
  Index broken = -1;  // a pair whose image contains NaN
  Images patterns = random_images(Tiny, kinds, Rng{21});
  Texts captions = [] {
    Texts texts = no_texts(Tiny);
    for (std::int32_t k = 0; k < kinds; ++k) add_text(Tiny, texts, {k % 4, 4 + k / 4, 8});
    return texts;
  }();

  Index size() const { return pairs; }
  using Batch = Pairs;
  void batch(std::span<const Index> items, Rng rng, Pairs& out) {
    auto& [images, texts] = out;
    const Index side = Tiny.image.image_size;
    images.resize_for_reuse(static_cast<Index>(items.size()), 3, side, side);
    texts.clear();
    for (std::size_t i = 0; i < items.size(); ++i) {
      const auto from = patterns.image(items[i] % kinds);
      const auto to = images.image(static_cast<Index>(i));
      for (std::size_t j = 0; j < to.size(); ++j) to[j] = from[j] + static_cast<float>(0.2 * rng.normal());
      if (items[i] == broken) to[0] = std::numeric_limits<float>::quiet_NaN();
      texts.append(captions, items[i] % kinds);
    }
  }
};

template <class B = Naive<float>>
using ToyModel = Model<Tiny, B>;

/// Five epochs of six steps.
inline TrainOptions short_run(std::string checkpoint = {}) {
  TrainOptions options;
  options.epochs = 5;
  options.batch = 8;
  options.optimizer.learning_rate = 3e-3f;
  options.seed = 4;
  options.checkpoint = std::move(checkpoint);
  return options;
}

/// The bytes of a model's file.
template <class M>
std::string bytes_of(M& model) {
  const TemporaryFolder folder;
  save(model, folder / "model");
  return get(folder / "model");
}

}  // namespace clip::testing

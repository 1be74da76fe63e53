// A small SigLIP trained with its sigmoid loss: by the trainer on Fashion-MNIST, and with cached gradients.
#include <clip/backend/naive.hpp>
#include <clip/data/idx.hpp>
#include <clip/model/model.hpp>
#include <clip/tower/siglip_vit/google.hpp>
#include <clip/train/grad_cache.hpp>
#include <clip/train/trainer.hpp>

#include "../io/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <numeric>
#include <span>
#include <string>
#include <vector>

using namespace clip;

namespace {

constexpr SiglipClipConfig Small{.embed_dim = 16,
                                 .image = {.image_size = 28,
                                           .patch_size = 7,
                                           .width = 16,
                                           .layers = 1,
                                           .heads = 2,
                                           .activation = Activation::gelu_tanh,
                                           .epsilon = 1e-6f},
                                 .text = {.context = 4,
                                          .vocabulary = 16,
                                          .width = 16,
                                          .layers = 1,
                                          .heads = 2,
                                          .activation = Activation::gelu_tanh,
                                          .epsilon = 1e-6f},
                                 .logit_bias = true};
using B = Naive<double>;
using SmallModel = Model<Small, B>;

/// The caption of a class: one word, the end, padding.
void add_caption(Texts& texts, int label) {
  const std::vector<std::int32_t> ids{2 + label, 1, 1, 1};
  texts.add(ids);
}

/// Images of Fashion-MNIST's test set with their class as a caption, equal for equal classes.
class FashionPairs {
 public:
  using Batch = Pairs;
  explicit FashionPairs(const std::string& folder)
      : images_{read_idx(folder + "/t10k-images-idx3-ubyte.gz")},
        labels_{read_idx(folder + "/t10k-labels-idx1-ubyte.gz").bytes} {
    for (int label = 0; label < 10; ++label) add_caption(captions_, label);
  }

  Index size() const { return 192; }
  void batch(std::span<const Index> items, Rng, Pairs& out) const {
    constexpr std::size_t pixels = 28 * 28;
    out.images.resize_for_reuse(static_cast<Index>(items.size()), 3, 28, 28);
    out.texts.clear();
    for (std::size_t i = 0; i < items.size(); ++i) {
      const std::uint8_t* const from = images_.bytes.data() + static_cast<std::size_t>(items[i]) * pixels;
      const auto to = out.images.image(static_cast<Index>(i));
      for (std::size_t j = 0; j < to.size(); ++j) to[j] = static_cast<float>(from[j % pixels]) / 127.5f - 1;
      out.texts.append(captions_, labels_[static_cast<std::size_t>(items[i])]);
    }
  }

 private:
  IdxArray images_;
  std::vector<std::uint8_t> labels_;
  Texts captions_{1};
};

TrainOptions options_of(const std::string& checkpoint) {
  TrainOptions options;
  options.epochs = 6;
  options.batch = 24;
  options.optimizer.learning_rate = 1e-2f;
  options.checkpoint = checkpoint;
  return options;
}

using Gradients = std::vector<std::vector<double>>;
Gradients gradients_of(const Parameters<B>& parameters) {
  Gradients all;
  for (const auto& e : parameters.entries()) {
    auto& values = all.emplace_back();
    for (Index i = 0; i < e.gradient.rows; ++i)
      for (Index j = 0; j < e.gradient.cols; ++j) values.push_back(e.fresh ? 0 : e.gradient(i, j));
  }
  return all;
}

}  // namespace

TEST_CASE("training a SigLIP: the sigmoid loss falls on Fashion-MNIST, and a resumed run is the same bytes") {
  const char* const set = std::getenv("CLIP_FASHION_MNIST");
  const std::string mnist = set != nullptr ? set : "/usr/share/datasets/fashion-mnist";
  if (!std::filesystem::exists(mnist + "/t10k-images-idx3-ubyte.gz")) {
    MESSAGE("skipped: training a SigLIP: no Fashion-MNIST in " << mnist << " (CLIP_FASHION_MNIST names another)");
    return;
  }
  const TemporaryFolder folder;
  std::vector<double> losses;
  {
    FashionPairs pairs{mnist};
    SmallModel model{Rng{2}};
    Trainer trainer{model, pairs, options_of(folder / "straight"), {}, Sigmoid{}};
    CHECK(trainer.run([&](const TrainProgress& p) {
      losses.push_back(p.loss);
      return true;
    }));
    save(model, folder / "straight.safetensors");
  }
  REQUIRE(losses.size() == 48);
  const auto mean = [&](auto begin) { return std::accumulate(begin, begin + 8, 0.0) / 8; };
  CHECK_MESSAGE(mean(losses.end() - 8) < 0.75 * mean(losses.begin()), mean(losses.begin()), " ",
                mean(losses.end() - 8));
  std::uint64_t weights = 2;
  for (const Index stop : {5, 16, 48}) {
    FashionPairs pairs{mnist};
    SmallModel model{Rng{weights++}};  // the checkpoint replaces the values
    Trainer trainer{model, pairs, options_of(folder / "resumed"), {}, Sigmoid{}};
    trainer.run([&](const TrainProgress& p) { return p.step < stop; });
    trainer.save_checkpoint().value();
    save(model, folder / "resumed.safetensors");
  }
  CHECK(get(folder / "resumed.safetensors") == get(folder / "straight.safetensors"));
  CHECK(get(folder / "resumed") == get(folder / "straight"));
}

TEST_CASE("cached gradients: those of the sigmoid loss equal those of the large batch for any micro-batch size") {
  SmallModel model{Rng{3}};
  std::vector<float> pixels(12 * 3 * 28 * 28);
  Rng rng{4};
  for (float& x : pixels) x = static_cast<float>(rng.normal());
  const Images images = Images::from_floats(12, 3, 28, 28, pixels);
  Texts texts{1};
  for (int i = 0; i < 12; ++i) add_caption(texts, i % 7);  // some captions recur in other micro-batches

  Parameters expected{model}, parameters{model};
  Tape whole{expected}, tape{parameters};
  const Pairs pairs{images, texts};
  const auto loss = Sigmoid{}(whole, model, pairs);
  whole.backward(loss);
  const Gradients large = gradients_of(expected);
  double length = 0;
  for (const auto& values : large)
    for (const double x : values) length += x * x;
  length = std::sqrt(length);
  REQUIRE(length > 1e-3);
  for (const Index micro : {1, 5, 12, 100}) {
    CAPTURE(micro);
    parameters.clear_gradients();
    CHECK(grad_cache(model, tape, images, texts, micro, Sigmoid{}) == value_of(whole, loss));
    const Gradients found = gradients_of(parameters);
    REQUIRE(found.size() == large.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
      REQUIRE(found[i].size() == large[i].size());
      for (std::size_t j = 0; j < found[i].size(); ++j)
        if (const double apart = std::abs(found[i][j] - large[i][j]); !(apart <= 1e-12 * length))
          FAIL_CHECK(parameters.entries()[i].name, ": ", apart);
    }
  }
}

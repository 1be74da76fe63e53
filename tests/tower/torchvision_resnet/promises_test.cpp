// What holds of every model holds of torchvision's ResNets: the same bits however work is grouped, the same of sizes
// known only at run time, every storage of weights, training.
#include <clip/autograd/tape.hpp>
#include <clip/backend/cpu.hpp>
#include <clip/data/pairs.hpp>
#include <clip/families.hpp>
#include <clip/model/any_model.hpp>
#include <clip/model/model.hpp>
#include <clip/optim/adamw.hpp>
#include <clip/train/objective.hpp>

#include "../../support/small_models.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <utility>

using namespace clip;
using namespace clip::testing;

namespace {

using Small = Model<OddTorchvision, Cpu<float>>;
using ResNetFamilies = Families<List<TorchvisionResNetConfig>, List<TextConfig>>;

bool same(std::span<const float> a, std::span<const float> b) { return std::ranges::equal(a, b); }

double cosine(std::span<const float> a, std::span<const float> b) {
  double ab = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ab += static_cast<double>(a[i]) * static_cast<double>(b[i]);
    aa += static_cast<double>(a[i]) * static_cast<double>(a[i]);
    bb += static_cast<double>(b[i]) * static_cast<double>(b[i]);
  }
  return ab / std::sqrt(aa * bb);
}

}  // namespace

TEST_CASE("torchvision's ResNet: features have the same bits alone and in a batch, with any threads, packed or not") {
  for (const bool bottleneck : {false, true}) {
    auto c = OddTorchvision;
    c.image.bottleneck = bottleneck;
    const Images images = random_images(c, 13, Rng{40});
    const AnyModel<Cpu<float>, ResNetFamilies> one_thread{AnyConfigOf<ResNetFamilies>{c}, Rng{1},
                                                          Cpu<float>{{.threads = 1}}};
    AnyModel<Cpu<float>, ResNetFamilies> packed{AnyConfigOf<ResNetFamilies>{c}, Rng{1}, Cpu<float>{{.threads = 3}}};
    packed.pack();
    const auto together = one_thread.encode_image(images), with_threads = packed.encode_image(images);
    for (Index i = 0; i < 13; ++i) {
      const auto alone = one_thread.encode_image(one_of(images, i));
      CHECK(same(alone[0], together[i]));
      CHECK(same(with_threads[i], together[i]));
    }
    REQUIRE_FALSE(same(together[0], together[1]));
    if (bottleneck) continue;
    const auto of_fixed_sizes = Small{Rng{1}}.encode_image(images);
    for (Index i = 0; i < 13; ++i) CHECK(same(of_fixed_sizes[i], together[i]));
    for (const auto& [storage, least] : {std::pair{Storage::bfloat16, 0.999}, {Storage::int8, 0.99}}) {
      Small narrow{Rng{1}};
      narrow.pack(storage);
      const auto found = narrow.encode_image(images);
      double worst = 1;
      for (Index i = 0; i < 13; ++i) worst = std::min(worst, cosine(found[i], together[i]));
      MESSAGE("torchvision's ResNet, ", std::string(storage == Storage::int8 ? "int8" : "bfloat16"), ": least cosine ",
              worst);
      CHECK(worst > least);
    }
  }
}

TEST_CASE("torchvision's ResNet: it trains, and so do its running statistics") {
  Small model{Rng{3}, Cpu<float>{{.threads = 2}}};
  const Pairs pairs{random_images(OddTorchvision, 8, Rng{4}), random_texts(OddTorchvision, 8, Rng{5})};
  Parameters parameters{model};
  Tape tape{parameters};
  AdamW optimizer{parameters, {.learning_rate = 3e-3f}};
  double first = 0, last = 0;
  for (int step = 0; step < 20; ++step) {
    tape.clear();
    const auto loss = Contrastive{}(tape, model, pairs);
    tape.backward(loss);
    tape.commit();
    last = value_of(tape, loss);
    if (step == 0) {
      first = last;
      for (const auto& e : parameters.entries()) CHECK_MESSAGE(!e.fresh, e.name);  // every weight has a gradient
    }
    optimizer.step();
  }
  CHECK(last < 0.8 * first);
  CHECK(model.image.tower.bn1.num_batches_tracked.data[0] == 20);
}

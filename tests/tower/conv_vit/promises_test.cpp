// What holds of every model holds of MobileCLIP-B's towers: the same bits however work is grouped, the same of sizes
// known only at run time, initial weights, training.
#include <clip/autograd/tape.hpp>
#include <clip/backend/cpu.hpp>
#include <clip/data/pairs.hpp>
#include <clip/families.hpp>
#include <clip/model/any_model.hpp>
#include <clip/model/model.hpp>
#include <clip/optim/adamw.hpp>
#include <clip/tower/conv_vit/apple.hpp>
#include <clip/train/objective.hpp>

#include "../../support/small_models.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <string_view>

using namespace clip;
using namespace clip::testing;

namespace {
inline constexpr ConvVitClipConfig OddConvVit{.embed_dim = 13,
                                              .image = {.image_size = 48,
                                                        .width = 20,
                                                        .layers = 2,
                                                        .heads = 5,
                                                        .activation = Activation::gelu,
                                                        .epsilon = 1e-5f,
                                                        .stem_padding = 1,
                                                        .mlp_width = 33},
                                              .text = Odd.text};
using Small = Model<OddConvVit, Cpu<float>>;
using ConvVitFamilies = Families<List<ConvVitConfig>, List<TextConfig>>;

bool same(std::span<const float> a, std::span<const float> b) { return std::ranges::equal(a, b); }
}  // namespace

TEST_CASE("MobileCLIP-B: features have the same bits alone and in a batch, with any number of threads, packed or not") {
  const Images images = random_images(OddConvVit, 13, Rng{40});
  const Small reference{Rng{1}, Cpu<float>{{.threads = 1}}};
  const AnyModel<Cpu<float>, ConvVitFamilies> open{AnyConfigOf<ConvVitFamilies>{ConvVitClipConfig{OddConvVit}}, Rng{1}};
  Small packed{Rng{1}, Cpu<float>{{.threads = 3}}};
  packed.pack();
  const auto together = reference.encode_image(images), with_threads = packed.encode_image(images);
  const auto of_run_time_sizes = open.encode_image(images);
  for (Index i = 0; i < 13; ++i) {
    const auto one = reference.encode_image(one_of(images, i));
    CHECK(same(one[0], together[i]));
    CHECK(same(of_run_time_sizes[i], together[i]));
    CHECK(same(with_threads[i], together[i]));
  }
  REQUIRE_FALSE(same(together[0], together[1]));
}

TEST_CASE("MobileCLIP-B: the padding of the stem changes the features") {
  auto c = OddConvVit;
  c.image.stem_padding = 0;
  const AnyModel<Cpu<float>, ConvVitFamilies> padded{AnyConfigOf<ConvVitFamilies>{OddConvVit}, Rng{1}};
  const AnyModel<Cpu<float>, ConvVitFamilies> plain{AnyConfigOf<ConvVitFamilies>{c}, Rng{1}};
  const Images images = random_images(OddConvVit, 1, Rng{2});
  const auto a = padded.encode_image(images), b = plain.encode_image(images);
  CHECK_FALSE(same(a[0], b[0]));
}

TEST_CASE("MobileCLIP-B: initial weights are those of timm") {
  Small model{Rng{7}};
  const auto near = [](double x) { return doctest::Approx(x).epsilon(0.3); };
  int matrices = 0;
  visit_parameters(model, [&](std::string_view name, const auto& p) {
    double squares = 0;
    for (Index i = 0; i < p.count(); ++i) squares += static_cast<double>(p.data[i]) * static_cast<double>(p.data[i]);
    const double found = std::sqrt(squares / static_cast<double>(p.count()));
    CAPTURE(name);
    if (!name.starts_with("visual.")) return;
    if (name == "visual.positional_embedding") CHECK(found == near(0.02));
    if (name == "visual.class_embedding") CHECK(found == near(1e-6));
    if (name.starts_with("visual.transformer.") && p.shape.rank == 2) {
      CHECK(found == near(0.02));
      ++matrices;
    }
    if (name == "visual.proj.weight") CHECK(found == near(0.02));
    if (name == "visual.proj.bias" || name.ends_with("c_fc.bias") || name.ends_with("in_proj_bias")) CHECK(found == 0);
    if (name.ends_with("ln_1.weight") || name == "visual.stem.1.bn.weight") CHECK(found == 1);
    // Uniform within ± 1 / √inputs.
    if (name == "visual.stem.0.conv.weight") CHECK(found == near(1 / std::sqrt(3.0 * 48)));
  });
  CHECK(matrices == 8);
}

TEST_CASE("MobileCLIP-B: it trains, its stem and the running statistics there included") {
  Small model{Rng{3}, Cpu<float>{{.threads = 2}}};
  const Pairs pairs{random_images(OddConvVit, 8, Rng{4}), random_texts(OddConvVit, 8, Rng{5})};
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
  CHECK(model.image.tower.stem.first.bn.num_batches_tracked.data[0] == 20);
}

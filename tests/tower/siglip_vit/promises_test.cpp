// What holds of every model holds of a SigLIP: the same bits however work is grouped, the same of sizes known only at run
// time, initial weights, training, probabilities.
#include <clip/autograd/tape.hpp>
#include <clip/backend/cpu.hpp>
#include <clip/checkpoint/change_patch_size.hpp>
#include <clip/data/pairs.hpp>
#include <clip/families.hpp>
#include <clip/model/any_model.hpp>
#include <clip/model/model.hpp>
#include <clip/optim/adamw.hpp>
#include <clip/task/zero_shot.hpp>
#include <clip/train/objective.hpp>

#include "../../support/small_models.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

using namespace clip;
using namespace clip::testing;

namespace {
using Small = Model<OddSiglip, Cpu<float>>;
using SiglipFamilies = Families<List<SiglipVitConfig>, List<SiglipTextConfig>>;

bool same(std::span<const float> a, std::span<const float> b) { return std::ranges::equal(a, b); }
}  // namespace

TEST_CASE("SigLIP: features have the same bits alone and in a batch, with any number of threads, packed or not") {
  const Images images = random_images(OddSiglip, 13, Rng{40});
  const Texts texts = random_texts(OddSiglip, 13, Rng{41});
  const Small reference{Rng{1}, Cpu<float>{{.threads = 1}}};
  const AnyModel<Cpu<float>, SiglipFamilies> open{AnyConfigOf<SiglipFamilies>{SiglipClipConfig{OddSiglip}}, Rng{1}};
  Small packed{Rng{1}, Cpu<float>{{.threads = 3}}};
  packed.pack();
  const auto image = reference.encode_image(images), image_packed = packed.encode_image(images);
  const auto text = reference.encode_text(texts), text_packed = packed.encode_text(texts);
  const auto image_open = open.encode_image(images);
  const auto text_open = open.encode_text(texts);
  for (Index i = 0; i < 13; ++i) {
    const auto one = reference.encode_image(one_of(images, i));
    const auto word = reference.encode_text(one_of(texts, i));
    CHECK(same(one[0], image[i]));
    CHECK(same(word[0], text[i]));
    CHECK(same(image_open[i], image[i]));
    CHECK(same(text_open[i], text[i]));
    CHECK(same(image_packed[i], image[i]));
    CHECK(same(text_packed[i], text[i]));
  }
  REQUIRE_FALSE(same(image[0], image[1]));
}

TEST_CASE("SigLIP: patches of another size, where the table of positions has no class row") {
  static constexpr auto Finer = [] {
    auto c = OddSiglip;
    c.image.patch_size = 4;
    return c;
  }();
  const Small model{Rng{1}};
  Model<Finer, Cpu<float>> finer{Rng{2}};
  change_patch_size(model, finer);
  const auto& from = model.image.tower;
  const auto& to = finer.image.tower;
  const auto doubles = [](const Parameter<float>& p) { return std::vector<double>(p.data, p.data + p.count()); };
  const auto floats = [](const std::vector<double>& x) { return std::vector<float>(x.begin(), x.end()); };
  CHECK(to.positional_embedding.shape == Shape{16, 20});
  CHECK(std::ranges::equal(floats(resize_patches(doubles(from.conv1_weight), 5, 4)),
                           std::span{to.conv1_weight.data, static_cast<std::size_t>(to.conv1_weight.count())}));
  CHECK(std::ranges::equal(
      floats(try_interpolate_grid(doubles(from.positional_embedding), 20, 16, Interpolate::openclip, 0).value()),
      std::span{to.positional_embedding.data, static_cast<std::size_t>(to.positional_embedding.count())}));
  const Texts texts = random_texts(OddSiglip, 3, Rng{41});
  const auto a = model.encode_text(texts), b = finer.encode_text(texts);
  for (Index i = 0; i < 3; ++i) CHECK(same(a[i], b[i]));
}

TEST_CASE("SigLIP: padding is part of the text, and pixels beyond the last whole patch are not part of the image") {
  const Small model{Rng{1}};
  auto other = OddSiglip;
  other.text.pad = 1;
  AnyModel<Cpu<float>, SiglipFamilies> padded{AnyConfigOf<SiglipFamilies>{other}, Rng{1}};
  const Texts texts = [] {
    Texts some{30};
    some.add(std::vector<std::int32_t>{5, 6, 30});
    some.add(std::vector<std::int32_t>{1, 2, 3, 4, 5, 6, 30});
    return some;
  }();
  const auto a = model.encode_text(texts);
  const auto b = padded.encode_text(texts);
  CHECK_FALSE(same(a[0], b[0]));
  CHECK(same(a[1], b[1]));  // it fills the context
  Images images = random_images(OddSiglip, 1, Rng{2});
  const auto before = model.encode_image(images);
  for (Index c = 0; c < 3; ++c)
    for (Index i = 0; i < 17; ++i) {
      images.image(0)[static_cast<std::size_t>((c * 17 + 16) * 17 + i)] = 1e6f;  // the last row
      images.image(0)[static_cast<std::size_t>((c * 17 + i) * 17 + 15)] = 1e6f;  // a column
    }
  const auto after = model.encode_image(images);
  CHECK(same(after[0], before[0]));
}

TEST_CASE("SigLIP: initial weights are those of its training program") {
  Small model{Rng{7}};
  const auto deviation = [](const auto& p) {
    double squares = 0;
    for (Index i = 0; i < p.count(); ++i) squares += static_cast<double>(p.data[i]) * static_cast<double>(p.data[i]);
    return std::sqrt(squares / static_cast<double>(p.count()));
  };
  const auto near = [](double x) { return doctest::Approx(x).epsilon(0.25); };
  int biases = 0;
  visit_parameters(model, [&](std::string_view name, const auto& p) {
    const double found = deviation(p);
    CAPTURE(name);
    if (name == "visual.positional_embedding") CHECK(found == near(1 / std::sqrt(20.0)));
    if (name == "token_embedding.weight") CHECK(found == near(1 / std::sqrt(12.0)));
    if (name == "visual.conv1.weight") CHECK(found == near(1 / std::sqrt(75.0)));
    if (name == "text_projection.weight") CHECK(found == near(1 / std::sqrt(12.0)));
    // A uniform distribution within ± r has a deviation of r / √3.
    if (name == "visual.transformer.resblocks.0.attn.in_proj_weight") CHECK(found == near(std::sqrt(2.0 / 40)));
    if (name == "visual.attn_pool.attn.in_proj_weight") CHECK(found == near(std::sqrt(2.0 / 80)));
    if (name == "transformer.resblocks.1.mlp.c_fc.weight") CHECK(found == near(std::sqrt(2.0 / 60)));
    if (name.ends_with(".mlp.c_fc.bias")) {
      CHECK((found > 1e-7 && found < 1e-5));
      ++biases;
    }
    if (name == "visual.conv1.bias" || name == "text_projection.bias" || name.ends_with("out_proj.bias"))
      CHECK(found == 0);
  });
  CHECK(biases == 5);
}

TEST_CASE("SigLIP: it trains with its own loss, bias and probe included") {
  Small model{Rng{3}, Cpu<float>{{.threads = 2}}};
  const Pairs pairs{random_images(OddSiglip, 8, Rng{4}), random_texts(OddSiglip, 8, Rng{5})};
  Parameters parameters{model};
  Tape tape{parameters};
  AdamW optimizer{parameters, {.learning_rate = 3e-3f}};
  double first = 0, last = 0;
  for (int step = 0; step < 30; ++step) {
    tape.clear();
    const auto loss = Sigmoid{}(tape, model, pairs);
    tape.backward(loss);
    last = value_of(tape, loss);
    if (step == 0) {
      first = last;
      for (const auto& e : parameters.entries()) CHECK_MESSAGE(!e.fresh, e.name);  // every weight has a gradient
    }
    optimizer.step();
  }
  CHECK(last < 0.7 * first);
  CHECK(model.similarity.bias() != -10);
}

TEST_CASE("SigLIP: its probabilities are sigmoids, each of its own") {
  Small model{Rng{3}};
  const Images images = random_images(OddSiglip, 2, Rng{4});
  const Texts texts = random_texts(OddSiglip, 4, Rng{5});
  const auto matches = match_probabilities(model, images, texts);
  const auto classifier = zero_shot(model, texts);
  REQUIRE(classifier.biased());
  const auto features = model.encode_image(images);
  const auto cosines = classifier(features);
  const auto again = classifier.match_probabilities(features);
  for (Index i = 0; i < 2; ++i)
    for (Index j = 0; j < 4; ++j) {
      const double z = model.similarity.temperature() * static_cast<double>(cosines(i, j)) - 10;
      const auto at = static_cast<std::size_t>(j);
      CHECK(static_cast<double>(matches[i][at]) == doctest::Approx(1 / (1 + std::exp(-z))).epsilon(1e-4));
      CHECK(matches[i][at] == again[i][at]);
    }
  const auto best = classifier.top_matching(model.encode_image(one_of(images, 0)), 2);
  REQUIRE(best.size() == 2);
  CHECK(best[0].index == clip::top(cosines[0], 1)[0]);
  CHECK(best[0].probability == matches[0][static_cast<std::size_t>(best[0].index)]);
  const ZeroShot plain{classifier.classes()};
  CHECK_THROWS_AS(plain.match_probabilities(features), OptionError);
}

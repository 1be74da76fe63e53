// Gated adapters in an image tower: they begin as the plain tower, learn classes, and leave all other weights alone.
#include <clip/backend/cpu.hpp>
#include <clip/checkpoint/model_file.hpp>
#include <clip/learn/block_classifier.hpp>
#include <clip/learn/block_classifier_file.hpp>
#include <clip/learn/train_block_classifier.hpp>
#include <clip/nn/layer_scale_block.hpp>
#include <clip/nn/parallel_block.hpp>
#include <clip/tower/clip_vit/vision_transformer.hpp>

#include "../io/temporary_folder.hpp"
#include "../small_models/golden.hpp"
#include "../support/matrix.hpp"
#include "../support/small_models.hpp"
#include "golden_arrays.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace clip;
using namespace clip::testing;

namespace {

using B = Cpu<>;
template <class Blocks>
using Encoder = ImageEncoder<Tiny, B, Blocks>;

/// A tower whose sizes are known at run time, as AnyModel has it.
struct OpenImage {
  Index embed_dim;
  VitConfig image;
};
inline constexpr OpenImage Open{dyn, Tower<VitConfig>::dynamic};

template <class Blocks>
Encoder<Blocks> encoder(std::uint64_t seed) {
  Encoder<Blocks> made;
  initialise(made, Rng{seed});
  return made;
}

template <class M>
Values features_of(const M& model, const Images& images) {
  const auto features = model.encode_image(images);
  return {features.values().begin(), features.values().end()};
}

/// Image i is near prototype i % 3.
Images three_kinds(Index n) {
  const Images prototypes = random_images(Tiny, 3, Rng{6});
  Images images = random_images(Tiny, n, Rng{7});
  for (Index i = 0; i < n; ++i)
    for (std::size_t j = 0; j < images.image(i).size(); ++j)
      images.image(i)[j] = prototypes.image(i % 3)[j] + 0.2f * images.image(i)[j];
  return images;
}

Features<float, dyn> some_classes(Index n) {
  Features<float, dyn> classes{n, Size<dyn>{Tiny.embed_dim}};
  const Values values = random_values(Rng{4}, n * Tiny.embed_dim);
  for (std::size_t i = 0; i < values.size(); ++i) classes.values()[i] = static_cast<float>(values[i]);
  return classes;
}

}  // namespace

TEST_CASE("a plain file loads into modified blocks, which begin as the plain ones; what they add keeps its values") {
  const TemporaryFolder folder;
  const std::string path = folder / "plain.safetensors";
  auto plain = encoder<Residual>(1);
  save(plain, path);
  const Images images = random_images(Tiny, 3, Rng{2});
  const Values expected = features_of(plain, images);

  auto gated = encoder<GatedBlocks>(3);
  load(gated, path, {.may_lack = "*.adapter.*"});
  CHECK(features_of(gated, images) == expected);  // bit by bit
  Index drawn = 0;
  visit_parameters(gated, [&](std::string_view name, const auto& p) {
    if (name.ends_with(".adapter.down.weight")) drawn += p.data[0] != 0;
    if (name.ends_with(".adapter.gate")) CHECK(p.data[0] == 0);
  });
  CHECK(drawn == Tiny.image.layers);

  auto scaled = encoder<LayerScaleBlocks>(3);
  load(scaled, path, {.may_lack = "*.ls_?.gamma"});
  CHECK(max_difference(features_of(scaled, images), expected) < 1e-5 * max_magnitude(expected));

  const auto lacking = try_load(gated, path);
  REQUIRE(!lacking);
  CHECK(lacking.error().id() == "clip.load.names");
  CHECK(lacking.error().message().find("adapter.gate") != std::string::npos);
  CHECK(!try_load(gated, path, {.may_lack = "*.ls_?.gamma"}));
  auto parallel = encoder<ParallelBlocks>(3);
  const LoadReport report = load_partial(parallel, path);
  CHECK(report.missing.empty());
  CHECK(report.unused.size() == static_cast<std::size_t>(2 * Tiny.image.layers));  // ln_2
}

TEST_CASE("gated adapters learn the classes of images; the plain weights keep their bits") {
  auto plain = encoder<Residual>(1);
  plain.pack();  // as the tool does; the adapters' weights are in rows again
  GatedAdapter<Tiny> gated{plain, some_classes(3), Rng{5}, 10};
  const Images images = three_kinds(12);
  CHECK(features_of(gated.image, images) == features_of(plain, images));
  std::vector<std::int32_t> labels;
  for (int i = 0; i < 12; ++i) labels.push_back(i % 3);

  std::vector<std::pair<std::string, Values>> before;
  for (const auto& [name, p] : named_parameters<float>(gated))
    before.emplace_back(name, detail::values_of_parameter(gated.backend(), *p));
  double first = 0, last = 0;
  TrainOptions options = block_recipe();
  options.epochs = 300;
  options.optimizer.learning_rate = 0.03f;
  CHECK(train_block_classifier(gated, {images, labels}, options, [&](const TrainProgress& p) {
    if (p.step == 1) first = p.loss;
    last = p.loss;
    return true;
  }));
  CHECK(last < 0.5 * first);
  const std::vector<Index> predicted = gated.predict(images);
  Index right = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) right += predicted[i] == labels[i];
  CHECK(right >= 10);

  std::size_t at = 0;
  Index changed = 0;
  for (const auto& [name, p] : named_parameters<float>(gated)) {
    CAPTURE(name);
    const bool same = detail::values_of_parameter(gated.backend(), *p) == before[at++].second;
    if (name.find(".adapter.") == std::string::npos) CHECK(same);
    else changed += !same;
  }
  CHECK(changed == 5 * Tiny.image.layers);
}

TEST_CASE("five steps of gated adapters are those of a PyTorch twin: losses and every trained weight") {
  const GoldenArrays golden{"gated_adapter.npz"};
  ImageEncoder<TinyA> plain;
  load_partial(plain, CLIP_SOURCE_DIR "/tests/golden/tiny_a.safetensors");
  GatedAdapter<TinyA> gated{plain, golden.features<float>("texts"), Rng{1}, 10};
  Index trained = 0;
  visit_parameters(gated, [&](std::string_view name, auto& p) {
    if (!matches(gated.trained, name)) return;
    ++trained;
    detail::set_parameter(gated.backend(), golden("start." + std::string(name)), p);
  });
  CHECK(trained == 5 * TinyA.image.layers);
  const auto pixels = golden.features<float>("images");
  LabelledInputs examples{{}, golden.labels<std::int32_t>("labels")};
  examples.images.resize_for_reuse(pixels.size(), 3, 16, 16);
  std::ranges::copy(pixels.values(), examples.images.values().begin());
  TrainOptions options = block_recipe();
  options.epochs = 5;
  options.optimizer.learning_rate = 1.0f / 64;
  Values losses;
  train_block_classifier(gated, std::move(examples), options, [&](const TrainProgress& p) {
    losses.push_back(p.loss);
    return true;
  });
  CHECK(max_difference(losses, golden("losses")) < 1e-4);
  visit_parameters(gated, [&](std::string_view name, const auto& p) {
    if (!matches(gated.trained, name)) return;
    CAPTURE(name);
    const Values end = golden("end." + std::string(name));
    CHECK(max_difference(end, golden("start." + std::string(name))) > 1e-2);
    CHECK(max_difference(detail::values_of_parameter(gated.backend(), p), end) < 1e-4);
  });
}

TEST_CASE("what gated adapters have learned returns from its file, into the tower that it was learned on alone") {
  const TemporaryFolder folder;
  const std::string path = folder / "learner.safetensors";
  const auto plain = encoder<Residual>(1), other = encoder<Residual>(2);
  GatedAdapter<Tiny> gated{plain, some_classes(3), Rng{5}, 10};
  TrainOptions options = block_recipe();
  options.epochs = 5;
  train_block_classifier(gated, {three_kinds(6), {0, 1, 2, 0, 1, 2}}, options);
  save_block_classifier(gated, path);

  const Images images = random_images(Tiny, 3, Rng{9});
  const auto scores_of = [&](const auto& classifier) {
    const auto scores = classifier.scores(images);
    return Values(scores.values().begin(), scores.values().end());
  };
  Features<float, dyn> any = some_classes(3);
  any[0][0] += 1;
  GatedAdapter<Tiny> read{plain, any, Rng{6}};
  REQUIRE(scores_of(read) != scores_of(gated));
  load_block_classifier(read, path);
  CHECK(scores_of(read) == scores_of(gated));
  CHECK(read.classes.temperature == 10);

  GatedAdapter<Tiny> elsewhere{other, any, Rng{6}};
  const Values before = scores_of(elsewhere);
  CHECK(try_load_block_classifier(elsewhere, path).error().message().find("cosine of the tower's feature") !=
        std::string::npos);
  CHECK(scores_of(elsewhere) == before);
  GatedAdapter<Tiny> four{plain, some_classes(4), Rng{6}};
  CHECK(try_load_block_classifier(four, path).error().message().find("shape of class_features") != std::string::npos);
  BlockClassifier<Tiny, B, LayerScaleBlocks> scaled{plain, any, Rng{6}};
  CHECK(try_load_block_classifier(scaled, path).error().message().find("expected layer-scale, found gated-adapter") !=
        std::string::npos);
}

TEST_CASE("users' own families of blocks: LayerScale trains its factors, parallel blocks all of theirs") {
  const auto plain = encoder<Residual>(1);
  const LabelledInputs six{three_kinds(6), {0, 1, 2, 0, 1, 2}};
  TrainOptions options = block_recipe();
  options.epochs = 40;
  options.optimizer.learning_rate = 0.03f;
  const auto check = [&](auto& classifier, auto&& is_trained) {
    std::vector<std::pair<std::string, Values>> before;
    for (const auto& [name, p] : named_parameters<float>(classifier))
      before.emplace_back(name, detail::values_of_parameter(classifier.backend(), *p));
    double first = 0, last = 0;
    train_block_classifier(classifier, six, options, [&](const TrainProgress& p) {
      if (p.step == 1) first = p.loss;
      last = p.loss;
      return true;
    });
    CHECK(last < first);
    std::size_t at = 0;
    for (const auto& [name, p] : named_parameters<float>(classifier)) {
      CAPTURE(name);
      const bool same = detail::values_of_parameter(classifier.backend(), *p) == before[at++].second;
      CHECK(same == !is_trained(name));
    }
  };
  BlockClassifier<Tiny, B, LayerScaleBlocks> scaled{plain, some_classes(3), Rng{5}, 10};
  check(scaled, [](const std::string& name) { return name.ends_with(".gamma"); });
  BlockClassifier<Tiny, B, ParallelBlocks> parallel{plain, some_classes(3), Rng{5}, 10};
  check(parallel, [](const std::string& name) { return name.find(".resblocks.") != std::string::npos; });
}

TEST_CASE("a tower of sizes known at run time takes gated adapters") {
  const auto fixed = encoder<Residual>(1);
  ImageEncoder<Open> plain{Tiny.image, Tiny.embed_dim};
  initialise(plain, Rng{1});
  const GatedAdapter<Open> gated{plain, some_classes(3), Rng{5}};
  const Images images = random_images(Tiny, 3, Rng{6});
  CHECK(features_of(gated.image, images) == features_of(fixed, images));
  const auto scores = gated.scores(images);
  const auto same = GatedAdapter<Tiny>{fixed, some_classes(3), Rng{5}}.scores(images);
  CHECK(max_difference(Values(scores.values().begin(), scores.values().end()),
                       Values(same.values().begin(), same.values().end())) < 1e-4);
}

TEST_CASE("what gated adapters cannot be made of or trained on is one sentence") {
  auto plain = encoder<Residual>(1);
  Features<float, dyn> wide{3, Size<dyn>{Tiny.embed_dim + 1}};
  CHECK_THROWS_AS((GatedAdapter<Tiny>{plain, wide, Rng{5}}), ShapeError);
  auto bad = some_classes(3);
  bad[1][0] = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_AS((GatedAdapter<Tiny>{plain, bad, Rng{5}}), NumericError);
  GatedAdapter<Tiny> gated{plain, some_classes(3), Rng{5}};
  CHECK_THROWS_WITH_AS(train_block_classifier(gated, {random_images(Tiny, 2, Rng{6}), {0, 3}}),
                       "labelled images: label 1: expected from 0 to 2, found 3", InputError);
  CHECK_THROWS_AS(train_block_classifier(gated, {random_images(Tiny, 2, Rng{6}), {0}}), ShapeError);
  CHECK_THROWS_AS(train_block_classifier(gated, LabelledInputs{}), InputError);
  plain.pack(Storage::bfloat16);
  CHECK_THROWS_WITH_AS(
      (GatedAdapter<Tiny>{plain, some_classes(3), Rng{5}}),
      "gated-adapter: weights of the encoder: expected those of its type, found weights of a smaller one", OptionError);
}

// Fusing of whole models: features, files, and what is refused.
#include <clip/autograd/tape.hpp>
#include <clip/checkpoint/open.hpp>
#include <clip/model/fuse.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

using namespace clip;

namespace {

inline constexpr MciClipConfig Small{
    .embed_dim = 10,
    .image = {.image_size = 40,
              .stages = {MciStage{1, 8, 12}, {2, 16, 24}, {1, 32, 48, false, true}, {1, 64, 96, true, true, true}}},
    .text = {.context = 6,
             .vocabulary = 20,
             .width = 16,
             .layers = 2,
             .heads = 2,
             .activation = Activation::gelu,
             .epsilon = 1e-5f,
             .causal = false}};

/// Weights as after training: no norm is an identity, no layer scale is small.
template <class M>
M trained(M model) {
  Rng rng{7};
  visit_parameters(model, [&](std::string_view name, auto& p) {
    if (p.kind == ParameterKind::counter || name == "logit_scale") return;
    const bool variance = name.ends_with("running_var"), scale = name.find("layer_scale") != name.npos;
    for (float& x : std::span{p.data, static_cast<std::size_t>(p.count())}) {
      const double noise = rng.normal();
      x = static_cast<float>(variance ? std::exp(0.3 * noise) : (scale ? 0.5 : static_cast<double>(x)) + 0.1 * noise);
    }
  });
  return model;
}

Images some_images() {
  Rng rng{9};
  std::vector<float> pixels(2 * 3 * 40 * 40);
  for (float& x : pixels) x = static_cast<float>(rng.normal());
  return Images::from_floats(2, 3, 40, 40, pixels);
}
Texts some_texts() {
  Texts texts{19};
  texts.add(std::vector<std::int32_t>{1, 5, 19});
  return texts;
}

std::vector<float> all_of(const auto& features) { return {features.values().begin(), features.values().end()}; }

void check_near(const auto& found, const auto& expected) {
  double worst = 0, largest = 1;
  for (std::size_t i = 0; i < expected.values().size(); ++i) {
    worst = std::max(worst, std::abs(static_cast<double>(found.values()[i]) - expected.values()[i]));
    largest = std::max(largest, std::abs(static_cast<double>(expected.values()[i])));
  }
  INFO("off by ", worst, ", largest value ", largest);
  CHECK(found.values().size() == expected.values().size());
  CHECK(worst <= 1e-5 * largest);
}

}  // namespace

TEST_CASE("a fused model has the features of the model with branches, and opens from its file in every naming") {
  const AnyModel<> model = trained(AnyModel<>{AnyConfig{Small}, Rng{1}});
  const AnyModel<> fused = fuse(model);
  CHECK(std::holds_alternative<FusedMciConfig>(fused.config().image));
  CHECK(is_fused(fused.config()));
  CHECK_FALSE(is_fused(model.config()));
  CHECK(branched_config(fused.config()) == model.config());
  const Images images = some_images();
  check_near(fused.encode_image(images), model.encode_image(images));
  CHECK(all_of(fused.encode_text(some_texts())) == all_of(model.encode_text(some_texts())));
  CHECK(fused.similarity.temperature() == model.similarity.temperature());

  const std::string path = (std::filesystem::temp_directory_path() / "clip_fuse_test.safetensors").string();
  for (const Dialect dialect : {Dialect::openai, Dialect::openclip}) {
    save(fused, path, {.dialect = dialect});
    const AnyModel<> again = open(path);
    CHECK(again.config() == fused.config());
    CHECK(all_of(again.encode_image(images)) == all_of(fused.encode_image(images)));
  }
  AnyModel<> without_bias = trained(AnyModel<>{AnyConfig{Small}, Rng{1}});
  visit_parameters(without_bias, [](std::string_view name, auto& p) {
    if (name == "visual.trunk.head.fc.bias") std::fill_n(p.data, p.count(), 0.0f);
  });
  const AnyModel<> apples = fuse(without_bias);
  save(apples, path, {.dialect = Dialect::apple});
  CHECK(open_tensors(path).find("image_encoder.model.network.3.proj.0.lkb_reparam.weight") != nullptr);
  CHECK(all_of(open(path).encode_image(images)) == all_of(apples.encode_image(images)));
  std::filesystem::remove(path);
}

TEST_CASE("a model whose architecture is in its type fuses to another type, with the same weights") {
  const Model<Small> model = trained(Model<Small>{Rng{1}});
  const auto fused = fuse(model);
  static_assert(std::is_same_v<decltype(fused.config().image), FusedMciConfig>);
  static_assert(std::is_same_v<std::remove_const_t<decltype(fused)>, Model<fused_config_of<Small>>>);
  const auto any = fuse(trained(AnyModel<>{AnyConfig{Small}, Rng{1}}));
  const Images images = some_images();
  CHECK(all_of(fused.encode_image(images)) == all_of(any.encode_image(images)));
}

TEST_CASE("a model without branches, a fused and a packed one are not fused, and a fused one is not trained") {
  VitClipConfig vit = ViT_B_32;
  vit.image.layers = vit.text.layers = 1;
  vit.image.width = vit.text.width = vit.embed_dim = 16;
  vit.image.heads = vit.text.heads = 1;
  vit.text.vocabulary = 20;
  const auto nothing = try_fuse(AnyModel<>{AnyConfig{vit}});
  REQUIRE_FALSE(nothing);
  CHECK(
      std::string(nothing.error().message()) ==
      "fuse: model to fuse: expected one with branches of training, as MobileCLIP's image towers have them, found one "
      "without: there is nothing to fuse");
  AnyModel<> model{AnyConfig{Small}, Rng{1}};
  AnyModel<> fused = fuse(model);
  const auto again = try_fuse(fused);
  REQUIRE_FALSE(again);
  CHECK(std::string(again.error().message()).ends_with("found a fused one"));
  model.pack();
  const auto packed = try_fuse(model);
  REQUIRE_FALSE(packed);
  CHECK(std::string(packed.error().message()).find("packed ones: unpack() it first") != std::string::npos);

  Parameters trainable{fused};
  Tape tape{trainable};
  CHECK_THROWS_WITH_AS(static_cast<void>(fused.encode_image(tape, some_images())),
                       "encode_image: tower to train: expected one with branches, found a fused one, which is for "
                       "inference",
                       OptionError);
}

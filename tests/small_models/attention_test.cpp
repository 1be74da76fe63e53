// Attention maps of small image towers against a PyTorch twin: a class token, a probe, attention pooling after
// convolutions, a class token after a stem of convolutions, and attention between convolutions, in one stage or two.
// tests/golden/make_attention.py made the numbers.
#include <clip/backend/cpu.hpp>
#include <clip/checkpoint/model_file.hpp>
#include <clip/formats/tensor_file.hpp>
#include <clip/io/bytes.hpp>
#include <clip/model/any_encoder.hpp>
#include <clip/task/attention_maps.hpp>
#include <clip/task/token_relevance.hpp>
#include <clip/tower/clip_resnet/modified_resnet.hpp>
#include <clip/tower/clip_text/text_transformer.hpp>
#include <clip/tower/clip_vit/vision_transformer.hpp>
#include <clip/tower/conv_vit/description.hpp>
#include <clip/tower/mci/description.hpp>
#include <clip/tower/siglip_vit/vision_transformer.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace {

using namespace clip;

using Towers = List<VitConfig, SiglipVitConfig, ResNetConfig, ConvVitConfig, MciConfig>;
using Encoder = AnyImageEncoder<Cpu<>, Towers>;

const std::string folder = CLIP_SOURCE_DIR "/tests/golden/";

std::vector<double> numbers(const TensorFile& file, const std::string& name) {
  const FileTensor* const tensor = file.find(name);
  REQUIRE_MESSAGE(tensor != nullptr, "the file has no " << name);
  std::vector<double> values(static_cast<std::size_t>(tensor->count()));
  convert(*tensor, std::span<double>(values));
  return values;
}

/// A model of make_attention.py, its images, and what the twin found.
struct Twin {
  std::string name;
  Encoder encoder;
  Images images;
  TensorFile expected = open_tensors(folder + "attention.safetensors");

  Twin(std::string name_, const Towers::Variant& config, Index embed_dim, const std::string& weights,
       const std::string& of_images, const std::string& tensor)
      : name{std::move(name_)}, encoder{config, embed_dim} {
    load_partial(encoder, folder + weights);
    const TensorFile file = open_tensors(folder + of_images);
    const auto pixels = numbers(file, tensor);
    const ImageInput input = encoder.input();
    const Index each = input.channels * input.image_size * input.image_size;
    images = Images::from_floats(static_cast<Index>(pixels.size()) / each, input.channels, input.image_size,
                                 input.image_size, {pixels.begin(), pixels.end()});
  }

  std::vector<double> operator()(const std::string& map) const { return numbers(expected, name + "." + map); }
  Features<double, dyn> texts() const {
    const std::vector<double> values = (*this)("texts");
    const Index width = expected.find(name + ".texts")->shape[1];
    Features<double, dyn> features{static_cast<Index>(values.size()) / width, width};
    std::ranges::copy(values, features.values().begin());
    return features;
  }
  void check(const std::string& map, const Tensor<float>& found) const {
    const std::vector<double> wanted = (*this)(map);
    REQUIRE(found.values().size() == wanted.size());
    double worst = 0, most = 1;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      worst = std::max(worst, std::abs(static_cast<double>(found.values()[i]) - wanted[i]));
      most = std::max(most, std::abs(wanted[i]));
    }
    CHECK_MESSAGE(worst <= 1e-5 * most, name << "." << map << ": " << worst);
  }
};

Twin class_token() {
  return {"tiny_a",
          VitConfig{.image_size = 16,
                    .patch_size = 4,
                    .width = 18,
                    .layers = 3,
                    .heads = 2,
                    .activation = Activation::quick_gelu,
                    .epsilon = 1e-5f},
          20,
          "tiny_a.safetensors",
          "tiny_a.safetensors",
          "input.images"};
}
Twin probe() {
  return {"siglip",
          SiglipVitConfig{.image_size = 36,
                          .patch_size = 8,
                          .width = 16,
                          .layers = 2,
                          .heads = 2,
                          .activation = Activation::gelu_tanh,
                          .epsilon = 1e-6f,
                          .mlp_width = 40},
          16,
          "siglip/siglip_transformers.safetensors",
          "siglip/siglip_expected.safetensors",
          "image"};
}
Twin pooled_pixels() {
  return {"tiny_resnet",
          ResNetConfig{.image_size = 64, .layers = {2, 1, 2, 1}, .width = 4},
          10,
          "tiny_resnet.safetensors",
          "tiny_resnet.safetensors",
          "input.images"};
}

Twin class_token_after_a_stem() {
  return {"mobileclip_b",
          ConvVitConfig{.image_size = 64,
                        .width = 32,
                        .layers = 2,
                        .heads = 4,
                        .activation = Activation::gelu,
                        .epsilon = 1e-6f,
                        .stem_padding = 0},
          12,
          "mobileclip/b_open_clip.safetensors",
          "mobileclip/b_expected.safetensors",
          "image"};
}
Twin between_convolutions() {
  return {"tiny_mci",
          MciConfig{.image_size = 40,
                    .stages = {MciStage{1, 4, 6}, {2, 8, 12}, {1, 16, 24, false, true}, {1, 32, 48, true, true, true}}},
          10,
          "tiny_mci.safetensors",
          "tiny_mci.safetensors",
          "input.images"};
}
Twin in_two_stages() {
  return {"tiny_mci_five",
          MciConfig{.image_size = 72,
                    .stages = {MciStage{1, 4, 6},
                               {1, 8, 12},
                               {1, 16, 24},
                               {1, 32, 48, true, false, true},
                               {1, 64, 96, true, false, true}},
                    .stem_scale = false,
                    .layer_norm = true},
          10,
          "tiny_mci_five.safetensors",
          "tiny_mci_five.safetensors",
          "input.images"};
}

/// The identifier and the sentence of the error that f raises.
std::string error_of(auto&& f) {
  try {
    f();
  } catch (const Error& error) { return std::string(error.id()) + "|" + error.message(); }
  return "no error";
}

void check_maps(const Twin& twin) {
  const double scale = twin("scale").at(0);
  using enum AttentionMapKind;
  twin.check("last", attention_maps(twin.encoder, twin.images));
  twin.check("heads", attention_maps(twin.encoder, twin.images, {.kind = heads}));
  twin.check("rollout", attention_maps(twin.encoder, twin.images, {.kind = rollout}));
  twin.check("relevance", relevance_maps(twin.encoder, twin.images, twin.texts(), {.scale = scale}));
}
void check_layers(const Twin& twin) {
  const double scale = twin("scale").at(0);
  using enum AttentionMapKind;
  twin.check("first_heads", attention_maps(twin.encoder, twin.images, {.kind = heads, .layer = 0}));
  twin.check("rollout_1", attention_maps(twin.encoder, twin.images, {.kind = rollout, .layer = 1}));
  twin.check("relevance_1", relevance_maps(twin.encoder, twin.images, twin.texts(), {.scale = scale, .layer = 1}));
}

}  // namespace

TEST_CASE("attention maps of a class token are those of the twin, of all layers and of chosen ones") {
  const Twin twin = class_token();
  check_maps(twin);
  check_layers(twin);
  CHECK(attention_maps(twin.encoder, twin.images, {.kind = AttentionMapKind::heads}).shape() == Shape{6, 2, 4, 4});
  CHECK(relevance_maps(twin.encoder, twin.images, twin.texts()).shape() == Shape{6, 6, 4, 4});
}

TEST_CASE("attention maps of a tower that a probe pools are those of the twin") {
  const Twin twin = probe();
  check_maps(twin);
  check_layers(twin);
}

TEST_CASE("attention maps of a residual network's pooling are those of the twin") { check_maps(pooled_pixels()); }

TEST_CASE("attention maps of a class token after a stem of convolutions are those of the twin") {
  const Twin twin = class_token_after_a_stem();
  check_maps(twin);
  check_layers(twin);
}

TEST_CASE("attention maps of a tower with attention between convolutions are those of the twin") {
  check_maps(between_convolutions());
}

TEST_CASE("two stages of attention have maps of their own sizes, and no rollout or relevance through both") {
  const Twin twin = in_two_stages();
  check_layers(twin);
  twin.check("last", attention_maps(twin.encoder, twin.images));
  twin.check("heads", attention_maps(twin.encoder, twin.images, {.kind = AttentionMapKind::heads}));
  CHECK(attention_maps(twin.encoder, twin.images, {.layer = 0}).shape() == Shape{2, 1, 3, 3});
  CHECK(error_of([&] { attention_maps(twin.encoder, twin.images, {.kind = AttentionMapKind::rollout}); }) ==
        "clip.option|attention_rollout: layer 1: tokens: expected 9, found 4");
  CHECK(error_of([&] { relevance_maps(twin.encoder, twin.images, twin.texts()); }) ==
        "clip.option|attention_relevance: layer 1: tokens: expected 9, found 4");
}

TEST_CASE("the relevance of a text's tokens is the twin's") {
  const TextConfig config{.context = 16,
                          .vocabulary = 60,
                          .width = 15,
                          .layers = 2,
                          .heads = 3,
                          .activation = Activation::quick_gelu,
                          .epsilon = 1e-5f};
  AnyTextEncoder<Cpu<>, List<TextConfig>> encoder{config, 20};
  load_partial(encoder, folder + "tiny_a.safetensors");
  const TensorFile file = open_tensors(folder + "tiny_a.safetensors"),
                   twin = open_tensors(folder + "attention.safetensors");
  Texts texts{59};
  std::vector<std::int32_t> row;
  const FileTensor& ids = *file.find("input.ids");
  for (std::size_t i = 0; i < static_cast<std::size_t>(ids.count()); ++i) {
    row.push_back(static_cast<std::int32_t>(load_little<std::uint32_t>(ids.parts[0].bytes.data() + 4 * i)));
    if (row.size() == 16) texts.add(std::exchange(row, {}));
  }
  const std::vector<double> image = numbers(file, "output.image_features"),
                            wanted = numbers(twin, "tiny_a.tokens");  // (texts, images, context)
  Features<double, dyn> images{6, 20};
  std::ranges::copy(image, images.values().begin());
  const auto found = token_relevance(encoder, texts, images, {.scale = numbers(twin, "tiny_a.scale").at(0)});
  REQUIRE(found.size() == 6);
  for (std::size_t t = 0; t < 6; ++t)
    for (std::size_t i = 0; i < 6; ++i) {
      const std::vector<double>& tokens = found[t].at(i);
      CHECK(static_cast<Index>(tokens.size()) == static_cast<Index>(texts[static_cast<Index>(t)].size()));
      for (std::size_t k = 0; k < 16; ++k)
        CHECK(std::abs((k < tokens.size() ? tokens[k] : 0) - wanted[(t * 6 + i) * 16 + k]) <= 1e-5);
    }
}

TEST_CASE("attention maps do not change an encoder's features, and need no gradient of a packed one") {
  Twin twin = class_token();
  const auto before = twin.encoder.encode_image(twin.images);
  const auto maps = attention_maps(twin.encoder, twin.images, {.kind = AttentionMapKind::rollout});
  relevance_maps(twin.encoder, twin.images, twin.texts());
  const auto after = twin.encoder.encode_image(twin.images);
  CHECK(std::ranges::equal(before.values(), after.values()));
  twin.encoder.pack();
  const auto packed = attention_maps(twin.encoder, twin.images, {.kind = AttentionMapKind::rollout});
  CHECK(std::ranges::equal(maps.values(), packed.values()));
}

TEST_CASE("attention maps: wrong layers, features, images and towers are one sentence each") {
  const Twin twin = class_token();
  CHECK(error_of([&] { attention_maps(twin.encoder, twin.images, {.layer = 3}); }) ==
        "clip.option|attention_maps: layer of attention: expected 0 to 2, or -1, found 3");
  CHECK(error_of([&] { relevance_maps(twin.encoder, twin.images, twin.texts(), {.layer = -2}); }) ==
        "clip.option|relevance_maps: layer of attention: expected 0 to 2, or -1, found -2");
  CHECK(error_of([&] {
          relevance_maps(twin.encoder, twin.images, Features<float, dyn>{1, 7});
        }) == "clip.shape|relevance_maps: width of the features: expected 20, found 7");
  CHECK(error_of([&] {
          relevance_maps(twin.encoder, twin.images, Features<float, dyn>{1, 20});
        }) == "clip.numeric|relevance_maps: features that are zero or not finite");
  CHECK(error_of([&] { attention_maps(twin.encoder, Images{}); }) ==
        "clip.input|encode_image: number of images: expected 1 or more, found 0");

  VitConfig without = std::get<VitConfig>(twin.encoder.config());
  without.pruned = {.head_width = 8, .heads = {0, 0, 0}, .hidden = {24, 24, 24}};
  CHECK(error_of([&] {
          attention_maps(Encoder{without, 20}, twin.images);
        }) == "clip.option.attention|attention_maps: tower: expected one with attention, found one without");
}

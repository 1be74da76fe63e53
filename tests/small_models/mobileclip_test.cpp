// Small models of MobileCLIP-B and MobileCLIP 2 L-14 against timm and OpenCLIP: features, each gradient, running
// statistics, and what Apple's code computes. make_mobileclip.py made the numbers.
#include <clip/backend/cpu.hpp>
#include <clip/backend/naive.hpp>
#include <clip/checkpoint/open.hpp>
#include <clip/model/model.hpp>
#include <clip/tower/clip_vit/apple.hpp>
#include <clip/tower/conv_vit/apple.hpp>

#include "trained.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <variant>

namespace {

using namespace clip;
using namespace clip::testing;

constexpr TextConfig small_text(bool causal) {
  return {.context = 16,
          .vocabulary = 60,
          .width = 16,
          .layers = 1,
          .heads = 2,
          .activation = Activation::gelu,
          .epsilon = 1e-5f,
          .causal = causal};
}
inline constexpr ConvVitClipConfig SmallB{.embed_dim = 12,
                                          .image = {.image_size = 64,
                                                    .width = 32,
                                                    .layers = 2,
                                                    .heads = 4,
                                                    .activation = Activation::gelu,
                                                    .epsilon = 1e-6f,
                                                    .stem_padding = 0},
                                          .text = small_text(true)};
inline constexpr VitClipConfig SmallL14{.embed_dim = 12,
                                        .image = {.image_size = 32,
                                                  .patch_size = 8,
                                                  .width = 16,
                                                  .layers = 2,
                                                  .heads = 2,
                                                  .activation = Activation::gelu,
                                                  .epsilon = 1e-5f,
                                                  .projection_bias = true},
                                        .text = small_text(false)};
using Transformers = Families<List<VitConfig, ConvVitConfig>, List<TextConfig>>;

std::string path_of(const std::string& name) { return CLIP_SOURCE_DIR "/tests/golden/" + name + ".safetensors"; }

Expected<Transformers> expected_of(const std::string& name) { return {path_of(name + "_expected"), 59}; }

template <class M>
void check_fixed(const std::string& name) {
  const auto expected = expected_of(name);
  M model;
  load(model, path_of(name + "_open_clip"));
  check_features(model, expected);
  check_trained(model, expected);
}

}  // namespace

TEST_CASE_TEMPLATE("reference numbers: small MobileCLIPs of fixed sizes", B, Cpu<>, Naive<float>) {
  check_fixed<Model<SmallB, B>>("mobileclip/b");
  check_fixed<Model<SmallL14, B>>("mobileclip/l14");
}

TEST_CASE("reference numbers: small MobileCLIPs whose sizes are those of the file") {
  for (const auto& [name, heads] : {std::pair<std::string, Index>{"mobileclip/b", 4}, {"mobileclip/l14", 2}}) {
    const auto expected = expected_of(name);
    const Assumptions assumed{.activation = Activation::gelu, .image_heads = heads, .text_heads = 2};
    auto model = open<Cpu<>, Transformers>(path_of(name + "_open_clip"), assumed);
    const auto& c = model.config();
    CHECK((name.ends_with("b") ? std::get<ConvVitConfig>(c.image) == SmallB.image
                               : std::get<VitConfig>(c.image) == SmallL14.image));
    CHECK(std::get<TextConfig>(c.text) == (name.ends_with("b") ? SmallB.text : SmallL14.text));
    check_features(model, expected);
    check_trained(model, expected);
  }
}

TEST_CASE("reference numbers: a small MobileCLIP-B under Apple's names computes what Apple's code computes") {
  const auto model = open<Cpu<>, Transformers>(path_of("mobileclip/b_apple"),
                                               {.activation = Activation::gelu, .image_heads = 4, .text_heads = 2});
  check_features(model, expected_of("mobileclip/b"), "image_features_apple");
}

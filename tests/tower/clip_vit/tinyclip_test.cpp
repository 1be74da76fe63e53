// The numbers of weights of TinyCLIP's vision transformers, checked at compile time, their published names and shapes
// in both namings, other spellings of their names, and towers whose blocks differ.
#include <clip/checkpoint/infer.hpp>
#include <clip/model/catalogue.hpp>
#include <clip/model/config_json.hpp>
#include <clip/tower/clip_vit/description.hpp>

#include "../../support/published_names.hpp"

#include <doctest/doctest.h>

#include <string>
#include <variant>
#include <vector>

using namespace clip;
using namespace clip::testing;

namespace {

template <auto C>
constexpr Index weights(Index embed_dim) {
  return count_parameters(TowerOf<C, dyn, Cpu<float>, Residual>{C, embed_dim});
}
template <const auto& C>
constexpr Index text_without_table = weights<C.text>(C.embed_dim) - C.text.vocabulary* C.text.width;

static_assert(weights<tinyclip::ViT_8M_16_Text_3M.image>(512) == 8'276'992);
static_assert(weights<tinyclip::ViT_8M_16_Text_3M.text>(512) == 15'169'024);
static_assert(text_without_table<tinyclip::ViT_8M_16_Text_3M> == 2'520'576);
static_assert(weights<tinyclip::ViT_39M_16_Text_19M.image>(512) == 38'587'392);
static_assert(weights<tinyclip::ViT_39M_16_Text_19M.text>(512) == 44'513'792);
static_assert(text_without_table<tinyclip::ViT_39M_16_Text_19M> == 19'216'896);
static_assert(weights<tinyclip::ViT_40M_32_Text_19M.image>(512) == 39'691'776);
static_assert(weights<tinyclip::ViT_40M_32_Text_19M.text>(512) == 44'513'792);
static_assert(weights<tinyclip::ViT_61M_32_Text_29M.image>(512) == 61'411'200);
static_assert(weights<tinyclip::ViT_61M_32_Text_29M.text>(512) == 53'970'944);
static_assert(text_without_table<tinyclip::ViT_61M_32_Text_29M> == 28'674'048);

/// Towers of three blocks each, of which no two are alike.
VitClipConfig pruned() {
  VitClipConfig c = tinyclip::ViT_8M_16_Text_3M;
  c.image.image_size = 32;
  c.image.width = 20;
  c.image.layers = 3;
  c.image.heads = 2;
  c.image.mlp_width = 24;
  c.image.pruned = {.head_width = 64, .heads = {1, 0, 2}, .hidden = {24, 0, 10}};
  c.text.context = 12;
  c.text.vocabulary = 50;
  c.text.width = 12;
  c.text.heads = 1;
  c.text.mlp_width = 16;
  c.text.pruned = {.head_width = 64, .heads = {1, 1, 0}, .hidden = {7, 16, 12}};
  return c;
}

}  // namespace

TEST_CASE("TinyCLIP's names and shapes are those of its files and of transformers, and both are read") {
  int models = 0;
  for (const NamedConfig& known : named_configs()) {
    const std::string name{known.name};
    if (!name.starts_with("tinyclip/ViT-")) continue;
    ++models;
    const VitClipConfig c{known.config.embed_dim, std::get<VitConfig>(known.config.image),
                          std::get<TextConfig>(known.config.text)};
    const std::string list = "clip_vit/names_tinyclip_" + name.substr(9) + "_";
    const Shapes original = published(list + "original"), transformers = published(list + "transformers");
    CHECK(written(c, Dialect::tinyclip) == original);
    CHECK(written(c, Dialect::huggingface) == transformers);
    const auto found = try_inspect(without_values(original));
    REQUIRE_MESSAGE(found, (found ? "" : found.error().message()));
    CHECK(found->config == known.config);
    CHECK(found->name == name);
    CHECK(found->dialect == Dialect::tinyclip);
    CHECK(found->activation_known);  // by the naming
    const auto in_transformers = try_inspect(without_values(transformers), {.activation = Activation::gelu}).value();
    CHECK(in_transformers.config == known.config);
    CHECK(in_transformers.dialect == Dialect::huggingface);
  }
  CHECK(models == 4);
}

TEST_CASE("TinyCLIP's models are found by their names in its repository and on the Hub") {
  const AnyConfig c{tinyclip::ViT_39M_16_Text_19M};
  for (const char* const name : {"tinyclip/ViT-39M-16-Text-19M", "TinyCLIP-ViT-39M-16-Text-19M",
                                 "wkcn/TinyCLIP-ViT-39M-16-Text-19M-YFCC15M", "tinyclip/vit_39m_16_text_19m"})
    CHECK_MESSAGE(find_config(name) == c, name);
  CHECK(find_config("TinyCLIP-ResNet-19M-Text-19M-LAION400M") == AnyConfig{tinyclip::ResNet_19M_Text_19M});
  CHECK(try_find_config("ViT-39M-16-Text-19M").error().id() == "clip.option.name");
  CHECK(find_named(c)->constant == "clip::tinyclip::ViT_39M_16_Text_19M");
}

TEST_CASE("pruned blocks follow from shapes, and return from JSON") {
  const VitClipConfig c = pruned();
  const AnyConfig any{c};
  REQUIRE(check(c));
  for (const Dialect dialect : {Dialect::tinyclip, Dialect::openai, Dialect::huggingface}) {
    const auto found = try_inspect(without_values(written(c, dialect)), {.activation = Activation::gelu});
    REQUIRE_MESSAGE(found, (found ? "" : found.error().message()));
    CHECK(found->config == any);
  }
  CHECK(try_parse_config(json_text(to_json(any)), "x").value() == any);
  CHECK(Description<VitConfig>::in_words(c.image) ==
        "patch 16, width 20, layers 3, heads 1, 0, 2 of 64, MLP 24, 0, 10, gelu");
  CHECK_FALSE(Description<VitConfig>::try_write_huggingface(c.image, 512, "x"));
  CHECK_FALSE(Description<TextConfig>::try_write_openclip(c.text, "x"));
  const VitClipConfig whole = tinyclip::ViT_8M_16_Text_3M;
  CHECK(Description<VitConfig>::count_flops(c.image, 512) < Description<VitConfig>::count_flops(whole.image, 512));
}

TEST_CASE("pruned blocks that no model has are refused with a sentence") {
  VitClipConfig c = pruned();
  Shapes shapes = written(c, Dialect::tinyclip);
  shapes["_image_encoder.visual.transformer.resblocks.0.attn.in_proj_weight"][0] = 3 * 65;
  const auto narrow = try_inspect(without_values(shapes));
  REQUIRE_FALSE(narrow);
  CHECK(narrow.error().message().find("resblocks.0.attn.in_proj_weight has 195 rows, expected 60, or in a pruned model "
                                      "a multiple of 192") != std::string::npos);
  c.image.heads = 3;  // not the largest
  CHECK_FALSE(check(c));
  const std::string json = json_text(to_json(AnyConfig{pruned()}));
  const auto at = json.find("\"block_heads\"");
  REQUIRE(at != json.npos);
  std::string damaged = json;
  damaged.replace(json.find('1', at), 1, "-1");
  CHECK_FALSE(try_parse_config(damaged, "x"));
}

TEST_CASE("TinyCLIP's dialect has no names for other models") {
  std::vector<TensorToWrite> tensors;
  add_tensors(tensors, "visual.", mobileclip2::L_14.image, 768);
  const auto refused = try_in_dialect(std::move(tensors), Dialect::tinyclip);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message().find("tinyclip, which has no name for visual.proj.") != std::string::npos);
}

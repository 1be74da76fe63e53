// Models that options of OpenAI's architecture give, checked at compile time: CLIPA, Meta CLIP 2, OpenCLIP's two other
// sizes, Long-CLIP's; their names, published lists and OpenCLIP's configurations.
#include <clip/checkpoint/infer_encoder.hpp>
#include <clip/model/catalogue.hpp>
#include <clip/model/config_json.hpp>
#include <clip/tower/clip_text/perception.hpp>
#include <clip/tower/clip_vit/description.hpp>

#include "../../support/published_names.hpp"

#include <doctest/doctest.h>

#include <string>
#include <variant>

using namespace clip;
using namespace clip::testing;

namespace {

template <auto C>
constexpr Index weights(Index embed_dim) {
  return count_parameters(TowerOf<C, dyn, Cpu<float>, Residual>{C, embed_dim});
}
template <auto C>
constexpr Index total = weights<C.image>(C.embed_dim) + weights<C.text>(C.embed_dim) + 1;

// As counted in OpenCLIP's modules.
static_assert(total<datacomp::ViT_B_32_256> == 151'288'833);
static_assert(total<laion400m::ViT_B_16_plus_240> == 208'377'345);
static_assert(total<clipa::ViT_L_14> == 414'210'561 && total<clipa::ViT_L_14_336> == 414'538'241);
static_assert(total<clipa::ViT_H_14> == 968'235'009 && total<clipa::ViT_H_14_336> == 968'644'609);
static_assert(total<clipa::ViT_bigG_14> == 2'517'223'937 && total<clipa::ViT_bigG_14_336> == 2'517'756'417);
static_assert(total<metaclip2::ViT_H_14> == 1'858'783'745 && total<metaclip2::ViT_H_14_378> == 1'859'389'185);
static_assert(total<metaclip2::ViT_bigG_14> == 3'630'409'985 && total<metaclip2::ViT_bigG_14_378> == 3'631'197'057);
static_assert(weights<pe_core::B_16.text>(pe_core::B_16.embed_dim) == 353'986'560);
static_assert(weights<pe_core::bigG_14_448.text>(pe_core::bigG_14_448.embed_dim) == 537'233'920);
static_assert(weights<pe_core::T_16_384.text>(pe_core::T_16_384.embed_dim) == 63'405'056);
// OpenAI's, less 77 positions and with two times 248.
static_assert(total<longclip::B_32> == 151'277'313 + (2 * 248 - 77) * 512);
static_assert(total<longclip::L_336px> == 427'944'193 + (2 * 248 - 77) * 768);

static_assert(metaclip2::ViT_H_14.text.row() == RowForm{.end = 2, .pad = 1});
static_assert(clipa::ViT_L_14.text.row() == RowForm{.end = 0, .attends_pad = true, .spare_ids = true});
static_assert(metaclip2::ViT_H_14.image.activation.value == Activation::quick_gelu &&
              metaclip2::ViT_H_14_378.image.activation.value == Activation::gelu &&
              metaclip2::ViT_H_14_378.image.preprocessing.resize == ResizeMode::squash);
static_assert(problem([] {
                TextConfig c = clipa::ViT_L_14.text;
                c.causal = true;
                return c;
              }()) != nullptr);

AnyConfig openclip(const std::string& vision, const std::string& text, const std::string& rest) {
  return try_parse_config(R"({"vision_cfg": {)" + vision + R"(}, "text_cfg": {)" + text + "}, " + rest + "}", "x.json")
      .value();
}

}  // namespace

TEST_CASE("Meta CLIP 2: names and shapes are those of OpenCLIP and transformers, and a list of them is recognised") {
  CHECK(written(metaclip2::ViT_H_14, Dialect::openai) == published("clip_vit/names_metaclip2_ViT-H-14_open_clip"));
  CHECK(written(metaclip2::ViT_H_14, Dialect::huggingface) ==
        published("clip_vit/names_metaclip2_ViT-H-14_transformers"));
  for (const char* const list : {"open_clip", "transformers"}) {
    const auto found = try_inspect(without_values(published("clip_vit/names_metaclip2_ViT-H-14_" + std::string(list))),
                                   {.activation = Activation::quick_gelu});
    REQUIRE(found);
    CHECK(found->name == "metaclip2/ViT-H-14");
  }
}

TEST_CASE("CLIPA: the configuration follows from a file without ln_pre, except what belongs to the weights") {
  const auto found =
      try_inspect(without_values(written(clipa::ViT_H_14, Dialect::openai)),
                  {.activation = Activation::gelu, .preprocessing = clipa::ViT_H_14.image.preprocessing});
  REQUIRE(found);
  CHECK(found->name == "clipa/ViT-H-14");
}

TEST_CASE("OpenCLIP's configurations of these models are read, written and recognised") {
  const std::string l14 = R"("image_size": 336, "layers": 24, "width": 1024, "patch_size": 14)";
  AnyConfig clipa_l = openclip(l14 + R"(, "no_ln_pre": true, "pool_type": "avg", "final_ln_after_pool": true)",
                               R"("context_length": 32, "vocab_size": 32000, "hf_tokenizer_name": "bert-base-uncased",
                               "tokenizer_kwargs": {"strip_sep_token": true}, "width": 768, "heads": 12, "layers": 12,
                               "pool_type": "last", "no_causal_mask": true)",
                               R"("embed_dim": 768)");
  clipa_l.preprocessing() = clipa::ViT_L_14_336.image.preprocessing;
  CHECK(clipa_l == AnyConfig{clipa::ViT_L_14_336});
  const AnyConfig worldwide =
      openclip(R"("image_size": 224, "layers": 32, "width": 1280, "head_width": 80, "patch_size": 14)",
               R"("hf_tokenizer_name": "facebook/xlm-v-base", "pool_type": "eos", "eos_id": 2, "context_length": 77,
      "vocab_size": 901629, "width": 1024, "heads": 16, "layers": 24)",
               R"("embed_dim": 1024, "quick_gelu": true)");
  CHECK(worldwide == AnyConfig{metaclip2::ViT_H_14});
  const auto text = Description<TextConfig>::try_write_openclip(clipa::ViT_L_14.text, "x");
  CHECK((*text)->at("tokenizer_kwargs").at("strip_sep_token") == true);
  CHECK((*Description<TextConfig>::try_write_openclip(metaclip2::ViT_H_14.text, "x"))->at("eos_id") == 2);
  const auto half = try_parse_config(
      R"({"vision_cfg": {)" + l14 + R"(, "no_ln_pre": true}, "text_cfg": {"width": 768, "heads": 12, "layers": 12},
      "embed_dim": 768})",
      "x.json");
  REQUIRE_FALSE(half);
  CHECK(half.error().message().find("vision_cfg.pool_type: expected avg, no_ln_pre and final_ln_after_pool together") !=
        std::string::npos);
}

TEST_CASE("they are found by their names and OpenCLIP's, and their configurations return from JSON") {
  CHECK(find_config("datacomp/ViT-B-32-256") == AnyConfig{datacomp::ViT_B_32_256});
  CHECK(find_config("laion/CLIP-ViT-B-32-256x256-DataComp-s34B-b86K") == AnyConfig{datacomp::ViT_B_32_256});
  CHECK(find_config("ViT-B-16-plus-240") == AnyConfig{laion400m::ViT_B_16_plus_240});
  CHECK(find_config("ViT-H-14-CLIPA-336") == AnyConfig{clipa::ViT_H_14_336});
  CHECK(find_config("UCSC-VLAA/ViT-bigG-14-CLIPA-datacomp1B") == AnyConfig{clipa::ViT_bigG_14});
  CHECK(find_config("ViT-H-14-worldwide-378") == AnyConfig{metaclip2::ViT_H_14_378});
  CHECK(find_config("facebook/metaclip-2-worldwide-huge-quickgelu") == AnyConfig{metaclip2::ViT_H_14});
  CHECK(find_config("facebook/metaclip-2-worldwide-giant-378") == AnyConfig{metaclip2::ViT_bigG_14_378});
  CHECK(find_config("BeichenZhang/LongCLIP-B-32") == AnyConfig{longclip::B_32});
  CHECK(find_config("BeichenZhang/LongCLIP-L-336px") == AnyConfig{longclip::L_336px});
  for (const AnyConfig& c : {AnyConfig{clipa::ViT_bigG_14_336}, AnyConfig{metaclip2::ViT_bigG_14}})
    CHECK(try_parse_config(json_text(to_json(c)), "x").value() == c);
}

TEST_CASE(
    "PE-Core: the text tower is recognised in a whole model's file, with its activation; the model is not built") {
  const TensorFile file = without_values(published("clip_text/names_pe-core_B-16_open_clip"));
  const auto found = try_inspect_text(file);
  REQUIRE(found);
  CHECK(std::get<TextConfig>(found->config) == pe_core::B_16.text);
  CHECK(found->embed_dim == pe_core::B_16.embed_dim);
  CHECK(found->activation_known);
  const auto whole = try_inspect(file);
  REQUIRE_FALSE(whole);
  CHECK(whole.error().message().find("the rotary positions of its image tower are not built") != std::string::npos);
}

// Numbers of weights of Google's SigLIP models, checked at compile time, and their published names and shapes.
#include <clip/formats/flax.hpp>
#include <clip/model/catalogue.hpp>
#include <clip/model/count.hpp>
#include <clip/model/licence.hpp>
#include <clip/tower/siglip_vit/google.hpp>

#include "../../support/published_names.hpp"

#include <doctest/doctest.h>

#include <utility>
#include <vector>

using namespace clip;
using namespace clip::testing;

namespace {

constexpr Index weights_of_block(Index width, Index hidden) {
  return 4 * width * width + 4 * width + 2 * width * hidden + width + hidden + 4 * width;
}
constexpr Index weights_of_image(const SiglipVitConfig& c) {
  const Index w = c.width, pool = w + weights_of_block(w, c.hidden()) - 2 * w;  // one norm instead of two
  return (c.patch_values() + 1 + c.tokens()) * w + c.layers * weights_of_block(w, c.hidden()) + 2 * w + pool;
}
constexpr Index weights_of_text(const SiglipTextConfig& c, Index embed_dim) {
  return (c.vocabulary + c.context) * c.width + c.layers * weights_of_block(c.width, c.hidden()) + 2 * c.width +
         (c.projection ? (c.width + 1) * embed_dim : 0);
}
constexpr bool has(const SiglipClipConfig& c, Index image, Index text) {
  return weights_of_image(c.image) == image && weights_of_text(c.text, c.embed_dim) == text && c.logit_bias &&
         problem(c.image) == nullptr && problem(c.text) == nullptr && problem(c.image, c.embed_dim) == nullptr;
}

// The numbers of OpenCLIP's and transformers' modules; the two of the similarity are not among them.
static_assert(has(siglip::ViT_B_16, 92'884'224, 110'271'744));
static_assert(has(siglip::ViT_B_16_256, 92'930'304, 110'271'744));
static_assert(has(siglip::ViT_B_16_384, 93'176'064, 110'271'744));
static_assert(has(siglip::ViT_B_16_512, 93'520'128, 110'271'744));
static_assert(has(siglip::ViT_B_16_i18n_256, 92'930'304, 277'695'744));
static_assert(has(siglip::ViT_L_16_256, 315'956'224, 336'194'560));
static_assert(has(siglip::ViT_L_16_384, 316'283'904, 336'194'560));
static_assert(has(siglip::ViT_SO400M_14, 427'680'704, 449'679'600));
static_assert(has(siglip::ViT_SO400M_14_378, 428'225'600, 449'734'896));
static_assert(has(siglip::ViT_SO400M_14_384, 428'225'600, 449'734'896));
static_assert(has(siglip::ViT_SO400M_16_i18n_256, 427'888'064, 699'542'640));
static_assert(has(siglip2::ViT_B_32_256, 94'552'320, 282'303'744));
static_assert(has(siglip2::ViT_B_16, 92'884'224, 282'303'744));
static_assert(has(siglip2::ViT_B_16_256, 92'930'304, 282'303'744));
static_assert(has(siglip2::ViT_B_16_384, 93'176'064, 282'303'744));
static_assert(has(siglip2::ViT_B_16_512, 93'520'128, 282'303'744));
static_assert(has(siglip2::ViT_L_16_256, 315'956'224, 565'570'560));
static_assert(has(siglip2::ViT_L_16_384, 316'283'904, 565'570'560));
static_assert(has(siglip2::ViT_L_16_512, 316'742'656, 565'570'560));
static_assert(has(siglip2::ViT_SO400M_14, 427'680'704, 707'782'896));
static_assert(has(siglip2::ViT_SO400M_14_378, 428'225'600, 707'782'896));
static_assert(has(siglip2::ViT_SO400M_16_256, 427'888'064, 707'782'896));
static_assert(has(siglip2::ViT_SO400M_16_384, 428'256'704, 707'782'896));
static_assert(has(siglip2::ViT_SO400M_16_512, 428'772'800, 707'782'896));
static_assert(has(siglip2::ViT_gopt_16_256, 1'163'168'256, 708'225'648));
static_assert(has(siglip2::ViT_gopt_16_384, 1'163'659'776, 708'225'648));

static_assert(problem(siglip2::ViT_gopt_16_256.image, 1152) != nullptr);
static_assert(problem(siglip::ViT_SO400M_16_i18n_256.text, 768) != nullptr);
static_assert(siglip::ViT_SO400M_14_384.image.grid() == 27 && siglip::ViT_SO400M_14_384.image.tokens() == 729);
static_assert(siglip2::ViT_B_16.text.row() == RowForm{.end = 1, .pad = 0, .start = false, .attends_pad = true});
static_assert(siglip::ViT_B_16.text.row().pad == 1);

}  // namespace

TEST_CASE("SigLIP's names and shapes are those of OpenCLIP and of transformers") {
  CHECK(written(siglip::ViT_B_16, Dialect::openclip) == published("siglip_vit/names_siglip_ViT-B-16_open_clip"));
  CHECK(written(siglip::ViT_B_16, Dialect::huggingface) == published("siglip_vit/names_siglip_ViT-B-16_transformers"));
  CHECK(written(siglip2::ViT_gopt_16_256, Dialect::openclip) ==
        published("siglip_vit/names_siglip2_ViT-gopt-16-256_open_clip"));
  CHECK(written(siglip2::ViT_gopt_16_256, Dialect::huggingface) ==
        published("siglip_vit/names_siglip2_ViT-gopt-16-256_transformers"));
  CHECK(written(siglip::ViT_SO400M_16_i18n_256, Dialect::openclip) ==
        published("siglip_vit/names_siglip_ViT-SO400M-16-i18n-256_open_clip"));
}

TEST_CASE("SigLIP's arrays have big_vision's names and shapes") {
  std::vector<TensorToWrite> tensors;
  add_tensors(tensors, "visual.", siglip::ViT_B_16.image, 768);
  add_tensors(tensors, "", siglip::ViT_B_16.text, 768);
  for (const char* const name : {"logit_scale", "logit_bias"}) tensors.push_back({name, Dtype::f32, {}, {}, {}});
  Shapes arrays;
  for (const TensorToWrite& t :
       in_flax(try_in_dialect(std::move(tensors), Dialect::big_vision).value(), {{"img", 12}, {"txt", 12}}))
    arrays[t.name] = t.shape;
  CHECK(arrays == published("siglip_vit/names_siglip_ViT-B-16_big_vision"));
  CHECK(arrays.size() == 28 + 2 * 16 * 12);
}

TEST_CASE("a published SigLIP is found by its own name, by OpenCLIP's and by transformers'") {
  CHECK(find_config("siglip/ViT-B-16") == AnyConfig{siglip::ViT_B_16});
  CHECK(find_config("ViT-B-16-SigLIP-384") == AnyConfig{siglip::ViT_B_16_384});
  CHECK(find_config("ViT-SO400M-14-SigLIP2-378") == AnyConfig{siglip2::ViT_SO400M_14_378});
  CHECK(find_config("ViT-B-16-SigLIP-i18n-256") == AnyConfig{siglip::ViT_B_16_i18n_256});
  CHECK(find_config("google/siglip-base-patch16-224") == AnyConfig{siglip::ViT_B_16});
  CHECK(find_config("google/siglip2-base-patch32-256") == AnyConfig{siglip2::ViT_B_32_256});
  CHECK(find_config("siglip-so400m-patch14-384") == AnyConfig{siglip::ViT_SO400M_14_384});
  CHECK(find_config("google/siglip-base-patch16-256-multilingual") == AnyConfig{siglip::ViT_B_16_i18n_256});
  CHECK_FALSE(try_find_config("ViT-SO400M-14"));  // of which of the two?
  CHECK(licence_of("siglip2/ViT-B-16") == "Apache-2.0");
}

TEST_CASE("an activation that only an implementation chose does not hide a published model") {
  AnyConfig c{siglip::ViT_B_16};
  std::get<SiglipVitConfig>(c.image).activation = Activation::gelu;
  std::get<SiglipTextConfig>(c.text).activation = Activation::gelu;
  const NamedConfig* const known = find_named(c);
  REQUIRE(known != nullptr);
  CHECK(known->name == "siglip/ViT-B-16");
}

TEST_CASE("SigLIP's weights are counted") {
  const ParameterCount count = count_parameters(AnyConfig{siglip2::ViT_gopt_16_384});
  CHECK(count.image == 1'163'659'776);
  CHECK(count.text == 708'225'648);
  CHECK(count.total() == 1'871'885'426);
}

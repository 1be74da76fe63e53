// Sizes of OpenAI's vision transformers (Radford et al. 2021, table 19), checked at compile time.
#include <clip/tower/clip_vit/openai.hpp>

#include <doctest/doctest.h>

using namespace clip;

static_assert(ViT_B_32.fixed() && ViT_B_16.fixed() && ViT_L_14.fixed() && ViT_L_14_336px.fixed() &&
              !DynamicVit.fixed());
static_assert(ViT_B_32.image.tokens() == 50 && ViT_B_16.image.tokens() == 197 && ViT_L_14.image.tokens() == 257 &&
              ViT_L_14_336px.image.tokens() == 577);
static_assert(ViT_B_32.image.patch_values() == 3072 && ViT_B_32.image.hidden() == 3072 &&
              ViT_L_14.text.hidden() == 3072);
static_assert(ViT_B_16.image.width == 768 && ViT_L_14.image.width == 1024 && ViT_L_14.embed_dim == 768);
static_assert(ViT_B_32.text.block().causal && !ViT_B_32.image.block().causal);
static_assert(DynamicVit.image.tokens() == dyn && DynamicVit.image.patch_values() == dyn &&
              DynamicVit.image.hidden() == dyn && DynamicVit.text.hidden() == dyn);

TEST_CASE("OpenAI's models have heads of 64 columns, quick GELU and epsilon 1e-5") {
  for (const auto& c : {ViT_B_32, ViT_B_16, ViT_L_14, ViT_L_14_336px}) {
    CHECK(c.image.width / c.image.heads == 64);
    CHECK(c.text.width / c.text.heads == 64);
    CHECK(c.image.activation == Activation::quick_gelu);
    CHECK(c.text.activation == Activation::quick_gelu);
    CHECK(c.image.epsilon == 1e-5f);
    CHECK(c.text.epsilon == 1e-5f);
    CHECK((c.text.context == 77 && c.text.vocabulary == 49408));
  }
}

TEST_CASE("variants differ only in the sizes that their names state") {
  auto b = ViT_B_16;
  b.image.patch_size = 32;
  CHECK(b == ViT_B_32);
  auto l = ViT_L_14_336px;
  l.image.image_size = 224;
  CHECK(l == ViT_L_14);
  CHECK_FALSE(ViT_B_16 == ViT_B_32);
}

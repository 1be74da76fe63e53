// Sizes of OpenAI's ResNets (Radford et al. 2021, table 18), checked at compile time.
#include <clip/tower/clip_resnet/openai.hpp>

#include <doctest/doctest.h>

using namespace clip;

static_assert(RN50.fixed() && RN101.fixed() && RN50x4.fixed() && RN50x16.fixed() && RN50x64.fixed() &&
              !DynamicResNet.fixed());
static_assert(RN50.image.tokens() == 50 && RN50x4.image.tokens() == 82 && RN50x16.image.tokens() == 145 &&
              RN50x64.image.tokens() == 197);
static_assert(RN50.image.features() == 2048 && RN50x4.image.features() == 2560 && RN50x16.image.features() == 3072 &&
              RN50x64.image.features() == 4096);
static_assert(RN50.image.heads() == 32 && RN50x4.image.heads() == 40 && RN50x16.image.heads() == 48 &&
              RN50x64.image.heads() == 64);
static_assert(RN50.embed_dim == 1024 && RN101.embed_dim == 512 && RN50x4.embed_dim == 640 && RN50x16.embed_dim == 768 &&
              RN50x64.embed_dim == 1024);
static_assert(DynamicResNet.image.features() == dyn && DynamicResNet.image.tokens() == dyn &&
              DynamicResNet.image.further_blocks(3) == dyn && DynamicResNet.text.hidden() == dyn);

TEST_CASE("the text towers of OpenAI's ResNets have heads of 64 columns, quick GELU and twelve layers") {
  for (const auto& c : {RN50, RN101, RN50x4, RN50x16, RN50x64}) {
    CHECK(c.text.width / c.text.heads == 64);
    CHECK(c.text.activation == Activation::quick_gelu);
    CHECK((c.text.context == 77 && c.text.vocabulary == 49408 && c.text.layers == 12));
    CHECK(c.image.preprocessing == Preprocessing{});
    CHECK(check(c));
  }
}

TEST_CASE("RN101 is RN50 with a longer third stage and a smaller embedding") {
  auto c = RN101;
  c.image.layers[2] = 6;
  c.embed_dim = 1024;
  CHECK(c == RN50);
  CHECK_FALSE(RN101 == RN50);
}

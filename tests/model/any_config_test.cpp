#include <clip/model/any_config.hpp>
#include <clip/tower/clip_resnet/openai.hpp>
#include <clip/tower/clip_vit/openai.hpp>

#include <doctest/doctest.h>

#include <type_traits>

using namespace clip;

static_assert(AnyConfig{ViT_B_32}.embed_dim == 512 && std::get<TextConfig>(AnyConfig{RN50}.text) == RN50.text);
static_assert(AnyConfig{ViT_L_14_336px}.input().image_size == 336 && AnyConfig{RN50x4}.input().image_size == 288);
static_assert(AnyConfig{ViT_B_32} == AnyConfig{ViT_B_32} && AnyConfig{ViT_B_32} != AnyConfig{ViT_B_16} &&
              AnyConfig{ViT_B_32} != AnyConfig{RN50});

TEST_CASE("a configuration of any family converts to AnyConfig and back unchanged") {
  AnyConfig{RN50}.visit([](const auto& c) {
    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(c)>, ResNetClipConfig>) CHECK(c == RN50);
    else FAIL("RN50 is a residual network");
  });
}

TEST_CASE("preprocessing is accessible for every family") {
  for (AnyConfig c : {AnyConfig{ViT_B_32}, AnyConfig{RN50}}) {
    c.preprocessing().resize = ResizeMode::squash;
    CHECK(c.input().preprocessing.resize == ResizeMode::squash);
  }
}

TEST_CASE("an impossible configuration of any family is an error with its problem") {
  CHECK(check(AnyConfig{RN50}));
  auto residual = RN50;
  residual.image.image_size = 225;
  CHECK(check(AnyConfig{residual}).error().message() == "config: ResNetConfig: image_size must be a multiple of 32");
  auto vit = ViT_B_32;
  vit.image.heads = 7;
  CHECK(check(AnyConfig{vit}).error().message() == "config: VitConfig: heads must divide width");
}

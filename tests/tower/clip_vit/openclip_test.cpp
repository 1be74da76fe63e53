// Sizes of OpenCLIP's models, checked at compile time. tests/tower/tower_test.cpp checks the numbers of parameters.
#include <clip/tower/clip_vit/openclip.hpp>

#include <doctest/doctest.h>

using namespace clip;

// Head widths are OpenCLIP's head_width: 64, but 80, 88 and 104 in the largest models.
static_assert(laion::ViT_H_14.image.width / laion::ViT_H_14.image.heads == 80 &&
              laion::ViT_g_14.image.width / laion::ViT_g_14.image.heads == 88 &&
              laion::ViT_bigG_14.image.width / laion::ViT_bigG_14.image.heads == 104);
static_assert(laion::ViT_B_32.image.heads == 12 && laion::ViT_L_14_336.image.tokens() == 577);
// int(width · mlp_ratio) with ratios 4.3637 and 4.9231.
static_assert(laion::ViT_H_14.image.hidden() == 5120 &&
              laion::ViT_g_14.image.hidden() == static_cast<Index>(1408 * 4.3637) &&
              laion::ViT_bigG_14.image.hidden() == static_cast<Index>(1664 * 4.9231));
static_assert(laion::ViT_bigG_14.text.heads == 20 && laion::ViT_bigG_14.text.hidden() == 5120 &&
              laion::ViT_H_14.text.heads == 16);
static_assert(dfn::ViT_H_14_378.image.grid() == 27);

TEST_CASE("models of one shape from two sources differ in activation or preprocessing") {
  CHECK(ViT_B_32.image.activation == Activation::quick_gelu);
  CHECK(laion::ViT_B_32.image.activation == Activation::gelu);
  CHECK(laion400m::ViT_B_32.text.activation == Activation::quick_gelu);
  CHECK(laion400m::ViT_B_16.text.activation == Activation::gelu);
  CHECK(laion::ViT_L_14.image.preprocessing.mean == inception_mean);
  CHECK(laion400m::ViT_L_14.image.preprocessing.mean == openai_mean);
  CHECK(metaclip::ViT_H_14.image.activation == Activation::quick_gelu);
  CHECK(dfn::ViT_H_14.image.preprocessing.resize == ResizeMode::squash);
  CHECK(dfn::ViT_L_14.image.preprocessing.resize == ResizeMode::shortest);
}

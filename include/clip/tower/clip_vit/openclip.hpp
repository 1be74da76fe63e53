// clip/tower/clip_vit/openclip.hpp: OpenCLIP's published vision transformers, grouped by training organisation.
//
// Several models share a shape and differ in activation, mean or resizing, which belong to the weights: a wrong one
// still "works" with worse numbers.
//
// Sources: OpenCLIP's model_configs/*.json and pretrained.py. A `-quickgelu` in OpenCLIP's names is `activation` here.
#pragma once

#include <clip/tower/clip_vit/openai.hpp>

namespace clip::inline CLIP_ABI {

namespace detail {

/// The same towers with another activation.
template <class Config>
constexpr Config with(Config c, Activation activation) {
  c.image.activation = c.text.activation = activation;
  return c;
}

/// The larger vision transformers of OpenCLIP: 224 pixels in patches of 14, 16 heads whatever the width.
constexpr VitClipConfig large(Index embed_dim, Index image_width, Index image_layers, Index image_mlp, Index text_width,
                              Index text_layers) {
  return {.embed_dim = embed_dim,
          .image = {.image_size = 224,
                    .patch_size = 14,
                    .width = image_width,
                    .layers = image_layers,
                    .heads = 16,
                    .activation = Activation::gelu,
                    .epsilon = 1e-5f,
                    .mlp_width = image_mlp},
          .text = {.context = 77,
                   .vocabulary = 49408,
                   .width = text_width,
                   .layers = text_layers,
                   .heads = text_width / 64,
                   .activation = Activation::gelu,
                   .epsilon = 1e-5f}};
}

}  // namespace detail

/// Trained on LAION-2B (tags laion2b_…).
namespace laion {
inline constexpr auto ViT_B_32 = detail::with(clip::ViT_B_32, Activation::gelu);
inline constexpr auto ViT_B_16 = detail::with(clip::ViT_B_16, Activation::gelu);
inline constexpr auto ViT_L_14 = [] {  // laion2b_s32b_b82k
  auto c = detail::with(clip::ViT_L_14, Activation::gelu);
  c.image.preprocessing.mean = inception_mean;
  c.image.preprocessing.deviation = inception_deviation;
  return c;
}();
inline constexpr auto ViT_L_14_336 = detail::with(clip::ViT_L_14_336px, Activation::gelu);
inline constexpr auto ViT_H_14 = detail::large(1024, 1280, 32, 0, 1024, 24);
inline constexpr auto ViT_g_14 = detail::large(1024, 1408, 40, 6144, 1024, 24);
inline constexpr auto ViT_bigG_14 = detail::large(1280, 1664, 48, 8192, 1280, 32);
}  // namespace laion

/// Trained on LAION-400M (tags laion400m_e31, laion400m_e32).
namespace laion400m {
inline constexpr auto ViT_B_32 = clip::ViT_B_32;
inline constexpr auto ViT_B_16 = laion::ViT_B_16;
inline constexpr auto ViT_L_14 = detail::with(clip::ViT_L_14, Activation::gelu);
inline constexpr auto ViT_B_16_plus_240 = [] {
  auto c = ViT_B_16;
  c.embed_dim = 640;
  c.image.image_size = 240;
  c.image.width = 896;
  c.image.heads = 14;
  c.text.width = 640;
  c.text.heads = 10;
  return c;
}();
}  // namespace laion400m

/// Trained on DataComp (tags datacomp_…).
namespace datacomp {
inline constexpr auto ViT_B_32 = laion::ViT_B_32;
inline constexpr auto ViT_B_32_256 = [] {
  auto c = ViT_B_32;
  c.image.image_size = 256;
  return c;
}();
inline constexpr auto ViT_B_16 = laion::ViT_B_16;
inline constexpr auto ViT_L_14 = laion400m::ViT_L_14;
}  // namespace datacomp

/// MetaCLIP (tags metaclip_400m, metaclip_fullcc; metaclip_altogether is laion::ViT_H_14).
namespace metaclip {
inline constexpr auto ViT_B_32 = clip::ViT_B_32;
inline constexpr auto ViT_B_16 = clip::ViT_B_16;
inline constexpr auto ViT_L_14 = clip::ViT_L_14;
inline constexpr auto ViT_H_14 = detail::with(laion::ViT_H_14, Activation::quick_gelu);
}  // namespace metaclip

/// Data Filtering Networks (tags dfn2b, dfn5b; dfn2b_s39b is laion400m::ViT_L_14). The dfn5b models squash images and
/// do not crop.
namespace dfn {
inline constexpr auto ViT_B_16 = clip::ViT_B_16;
inline constexpr auto ViT_L_14 = clip::ViT_L_14;
inline constexpr auto ViT_H_14 = [] {
  auto c = metaclip::ViT_H_14;
  c.image.preprocessing.resize = ResizeMode::squash;
  return c;
}();
inline constexpr auto ViT_H_14_378 = [] {
  auto c = ViT_H_14;
  c.image.image_size = 378;
  return c;
}();
}  // namespace dfn

}  // namespace clip::inline CLIP_ABI

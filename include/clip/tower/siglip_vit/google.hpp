// clip/tower/siglip_vit/google.hpp: Google's SigLIP and SigLIP 2 models of fixed resolution.
//
// Names are OpenCLIP's without "-SigLIP" and "-SigLIP2". The activation is that of training, in big_vision and in
// transformers: GELU by tanh. OpenCLIP computes some of these models with GELU by erf (timm.hpp).
#pragma once

#include <clip/config/clip.hpp>
#include <clip/tower/siglip_text/text_transformer.hpp>
#include <clip/tower/siglip_vit/vision_transformer.hpp>

namespace clip::inline CLIP_ABI {

using SiglipClipConfig = ClipConfig<SiglipVitConfig, SiglipTextConfig>;

namespace detail {

/// Image and text towers of one size, with `mlp` units in both.
constexpr SiglipClipConfig siglip_model(Index width, Index layers, Index heads, Index mlp, Index image_size,
                                        Index patch_size, Index vocabulary, Index pad) {
  return {.embed_dim = width,
          .image = {.image_size = image_size,
                    .patch_size = patch_size,
                    .width = width,
                    .layers = layers,
                    .heads = heads,
                    .activation = Activation::gelu_tanh,
                    .epsilon = 1e-6f,
                    .mlp_width = mlp},
          .text = {.context = 64,
                   .vocabulary = vocabulary,
                   .width = width,
                   .layers = layers,
                   .heads = heads,
                   .activation = Activation::gelu_tanh,
                   .epsilon = 1e-6f,
                   .mlp_width = mlp,
                   .pad = pad},
          .logit_bias = true};
}
constexpr SiglipClipConfig siglip_base(Index image_size, Index patch_size, Index vocabulary, Index pad) {
  return siglip_model(768, 12, 12, 0, image_size, patch_size, vocabulary, pad);
}
constexpr SiglipClipConfig siglip_large(Index image_size, Index vocabulary, Index pad) {
  return siglip_model(1024, 24, 16, 0, image_size, 16, vocabulary, pad);
}
/// The shape-optimised transformer of 400 million weights (Alabdulmohsin et al. 2023).
constexpr SiglipClipConfig siglip_so400m(Index image_size, Index patch_size, Index vocabulary, Index pad) {
  return siglip_model(1152, 27, 16, 4304, image_size, patch_size, vocabulary, pad);
}
/// The image tower of a billion weights, with the text tower of SO400M.
constexpr SiglipClipConfig siglip_giantopt(Index image_size) {
  auto c = siglip_so400m(image_size, 16, 256000, 0);
  c.embed_dim = c.image.width = 1536;
  c.image.layers = 40;
  c.image.mlp_width = 0;
  return c;
}

}  // namespace detail

/// SigLIP (Zhai et al. 2023), trained on WebLI. Vocabularies: 32,000 pieces of English C4, 250,000 of mC4 (i18n).
namespace siglip {
inline constexpr auto ViT_B_16 = detail::siglip_base(224, 16, 32000, 1);
inline constexpr auto ViT_B_16_256 = detail::siglip_base(256, 16, 32000, 1);
inline constexpr auto ViT_B_16_384 = detail::siglip_base(384, 16, 32000, 1);
inline constexpr auto ViT_B_16_512 = detail::siglip_base(512, 16, 32000, 1);
inline constexpr auto ViT_B_16_i18n_256 = detail::siglip_base(256, 16, 250000, 1);
inline constexpr auto ViT_L_16_256 = detail::siglip_large(256, 32000, 1);
inline constexpr auto ViT_L_16_384 = detail::siglip_large(384, 32000, 1);
inline constexpr auto ViT_SO400M_14 = [] {
  auto c = detail::siglip_so400m(224, 14, 32000, 1);
  c.text.context = 16;
  return c;
}();
inline constexpr auto ViT_SO400M_14_378 = detail::siglip_so400m(378, 14, 32000, 1);  // the same weights as …_384
inline constexpr auto ViT_SO400M_14_384 = detail::siglip_so400m(384, 14, 32000, 1);
inline constexpr auto ViT_SO400M_16_i18n_256 = [] {
  auto c = detail::siglip_so400m(256, 16, 250000, 1);
  c.text.projection = false;
  return c;
}();
}  // namespace siglip

/// SigLIP 2 (Tschannen et al. 2025) of fixed resolution, trained on WebLI. Vocabulary: Gemma's 256,000 pieces.
namespace siglip2 {
inline constexpr auto ViT_B_32_256 = detail::siglip_base(256, 32, 256000, 0);
inline constexpr auto ViT_B_16 = detail::siglip_base(224, 16, 256000, 0);
inline constexpr auto ViT_B_16_256 = detail::siglip_base(256, 16, 256000, 0);
inline constexpr auto ViT_B_16_384 = detail::siglip_base(384, 16, 256000, 0);
inline constexpr auto ViT_B_16_512 = detail::siglip_base(512, 16, 256000, 0);
inline constexpr auto ViT_L_16_256 = detail::siglip_large(256, 256000, 0);
inline constexpr auto ViT_L_16_384 = detail::siglip_large(384, 256000, 0);
inline constexpr auto ViT_L_16_512 = detail::siglip_large(512, 256000, 0);
inline constexpr auto ViT_SO400M_14 = detail::siglip_so400m(224, 14, 256000, 0);
inline constexpr auto ViT_SO400M_14_378 = detail::siglip_so400m(378, 14, 256000, 0);
inline constexpr auto ViT_SO400M_16_256 = detail::siglip_so400m(256, 16, 256000, 0);
inline constexpr auto ViT_SO400M_16_384 = detail::siglip_so400m(384, 16, 256000, 0);
inline constexpr auto ViT_SO400M_16_512 = detail::siglip_so400m(512, 16, 256000, 0);
inline constexpr auto ViT_gopt_16_256 = detail::siglip_giantopt(256);
inline constexpr auto ViT_gopt_16_384 = detail::siglip_giantopt(384);
}  // namespace siglip2

}  // namespace clip::inline CLIP_ABI

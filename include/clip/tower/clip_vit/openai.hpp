// clip/tower/clip_vit/openai.hpp: OpenAI's models with vision transformers (Radford et al. 2021, table 19).
#pragma once

#include <clip/config/clip.hpp>
#include <clip/tower/clip_text/text_transformer.hpp>
#include <clip/tower/clip_vit/vision_transformer.hpp>

namespace clip::inline CLIP_ABI {

using VitClipConfig = ClipConfig<VitConfig, TextConfig>;

// clang-format off
inline constexpr VitClipConfig ViT_B_32{
    .embed_dim = 512,
    .image = {.image_size = 224, .patch_size = 32, .width = 768, .layers = 12, .heads = 12, .activation = Activation::quick_gelu, .epsilon = 1e-5f},
    .text = {.context = 77, .vocabulary = 49408, .width = 512, .layers = 12, .heads = 8, .activation = Activation::quick_gelu, .epsilon = 1e-5f}};

inline constexpr auto ViT_B_16 = [] { auto c = ViT_B_32; c.image.patch_size = 16; return c; }();

inline constexpr VitClipConfig ViT_L_14{
    .embed_dim = 768,
    .image = {.image_size = 224, .patch_size = 14, .width = 1024, .layers = 24, .heads = 16, .activation = Activation::quick_gelu, .epsilon = 1e-5f},
    .text = {.context = 77, .vocabulary = 49408, .width = 768, .layers = 12, .heads = 12, .activation = Activation::quick_gelu, .epsilon = 1e-5f}};

inline constexpr auto ViT_L_14_336px = [] { auto c = ViT_L_14; c.image.image_size = 336; return c; }();

/// Every size is known only at run time.
inline constexpr VitClipConfig DynamicVit{.embed_dim = dyn, .image = Tower<VitConfig>::dynamic, .text = Tower<TextConfig>::dynamic};
// clang-format on

}  // namespace clip::inline CLIP_ABI

// clip/config/openai.hpp: the vision transformers OpenAI trained (Radford et al. 2021, table 19), and the model without fixed sizes.
#pragma once

#include <clip/config/clip.hpp>

namespace clip::inline CLIP_ABI {

// clang-format off
inline constexpr ClipConfig<VitConfig, TextConfig> ViT_B_32{
    .embed_dim = 512,
    .image = {.image_size = 224, .patch_size = 32, .width = 768, .layers = 12, .heads = 12, .activation = Activation::quick_gelu, .epsilon = 1e-5f},
    .text = {.context = 77, .vocabulary = 49408, .width = 512, .layers = 12, .heads = 8, .activation = Activation::quick_gelu, .epsilon = 1e-5f}};

inline constexpr auto ViT_B_16 = [] { auto c = ViT_B_32; c.image.patch_size = 16; return c; }();

inline constexpr ClipConfig<VitConfig, TextConfig> ViT_L_14{
    .embed_dim = 768,
    .image = {.image_size = 224, .patch_size = 14, .width = 1024, .layers = 24, .heads = 16, .activation = Activation::quick_gelu, .epsilon = 1e-5f},
    .text = {.context = 77, .vocabulary = 49408, .width = 768, .layers = 12, .heads = 12, .activation = Activation::quick_gelu, .epsilon = 1e-5f}};

inline constexpr auto ViT_L_14_336px = [] { auto c = ViT_L_14; c.image.image_size = 336; return c; }();

/// Every size left to run time: what AnyModel is built on.
inline constexpr ClipConfig<VitConfig, TextConfig> DynamicVit{
    .embed_dim = dyn,
    .image = {.image_size = dyn, .patch_size = dyn, .width = dyn, .layers = dyn, .heads = dyn, .activation = Activation::quick_gelu, .epsilon = 1e-5f, .mlp_width = dyn},
    .text = {.context = dyn, .vocabulary = dyn, .width = dyn, .layers = dyn, .heads = dyn, .activation = Activation::quick_gelu, .epsilon = 1e-5f, .mlp_width = dyn}};
// clang-format on

}  // namespace clip::inline CLIP_ABI

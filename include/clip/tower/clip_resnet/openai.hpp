// clip/tower/clip_resnet/openai.hpp: OpenAI's models with residual networks (Radford et al. 2021, table 18).
#pragma once

#include <clip/config/clip.hpp>
#include <clip/tower/clip_resnet/modified_resnet.hpp>
#include <clip/tower/clip_text/text_transformer.hpp>

namespace clip::inline CLIP_ABI {

using ResNetClipConfig = ClipConfig<ResNetConfig, TextConfig>;

// clang-format off
inline constexpr ResNetClipConfig RN50{
    .embed_dim = 1024,
    .image = {.image_size = 224, .layers = {3, 4, 6, 3}, .width = 64},
    .text = {.context = 77, .vocabulary = 49408, .width = 512, .layers = 12, .heads = 8, .activation = Activation::quick_gelu, .epsilon = 1e-5f}};

inline constexpr auto RN101 = [] { auto c = RN50; c.embed_dim = 512; c.image.layers = {3, 4, 23, 3}; return c; }();

inline constexpr ResNetClipConfig RN50x4{
    .embed_dim = 640,
    .image = {.image_size = 288, .layers = {4, 6, 10, 6}, .width = 80},
    .text = {.context = 77, .vocabulary = 49408, .width = 640, .layers = 12, .heads = 10, .activation = Activation::quick_gelu, .epsilon = 1e-5f}};

inline constexpr ResNetClipConfig RN50x16{
    .embed_dim = 768,
    .image = {.image_size = 384, .layers = {6, 8, 18, 8}, .width = 96},
    .text = {.context = 77, .vocabulary = 49408, .width = 768, .layers = 12, .heads = 12, .activation = Activation::quick_gelu, .epsilon = 1e-5f}};

inline constexpr ResNetClipConfig RN50x64{
    .embed_dim = 1024,
    .image = {.image_size = 448, .layers = {3, 15, 36, 10}, .width = 128},
    .text = {.context = 77, .vocabulary = 49408, .width = 1024, .layers = 12, .heads = 16, .activation = Activation::quick_gelu, .epsilon = 1e-5f}};

/// Every size is known only at run time.
inline constexpr ResNetClipConfig DynamicResNet{.embed_dim = dyn, .image = Tower<ResNetConfig>::dynamic, .text = Tower<TextConfig>::dynamic};
// clang-format on

}  // namespace clip::inline CLIP_ABI

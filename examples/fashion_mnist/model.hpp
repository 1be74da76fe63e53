// The demo's model.
#pragma once

#include <clip/config/clip.hpp>
#include <clip/tower/clip_text/config.hpp>
#include <clip/tower/clip_vit/config.hpp>

namespace fashion {

/// Images: 16 patches of 7 x 7 pixels and a class token, 3 blocks. Texts: 2 blocks over the bytes of a sentence.
/// bench/peers/fashion.py trains the same model with the same recipe.
inline constexpr clip::ClipConfig<clip::VitConfig, clip::TextConfig> Small{
    .embed_dim = 64,
    .image = {.image_size = 28,
              .patch_size = 7,
              .width = 64,
              .layers = 3,
              .heads = 1,
              .activation = clip::Activation::quick_gelu,
              .epsilon = 1e-5f},
    .text = {.context = 32,
             .vocabulary = 514,
             .width = 64,
             .layers = 2,
             .heads = 1,
             .activation = clip::Activation::quick_gelu,
             .epsilon = 1e-5f}};

}  // namespace fashion

// tests/compile_fail/small.hpp: a small model for cases whose mistake is not in the configuration.
#pragma once

#include <clip/backend/naive.hpp>
#include <clip/model/model.hpp>
#include <clip/tower/clip_vit/openai.hpp>

inline constexpr clip::ClipConfig<clip::VitConfig, clip::TextConfig> Small{
    .embed_dim = 8,
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

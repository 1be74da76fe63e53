// expect: VitConfig: heads must divide width
#include <clip/backend/naive.hpp>
#include <clip/model/model.hpp>
#include <clip/tower/clip_vit/openai.hpp>

#ifdef CLIP_CORRECTED
constexpr clip::Index heads = 4;
#else
constexpr clip::Index heads = 5;
#endif

inline constexpr clip::ClipConfig<clip::VitConfig, clip::TextConfig> Small{
    .embed_dim = 64,
    .image = {.image_size = 28,
              .patch_size = 7,
              .width = 64,
              .layers = 3,
              .heads = heads,
              .activation = clip::Activation::quick_gelu,
              .epsilon = 1e-5f},
    .text = {.context = 32,
             .vocabulary = 514,
             .width = 64,
             .layers = 2,
             .heads = 1,
             .activation = clip::Activation::quick_gelu,
             .epsilon = 1e-5f}};

clip::Model<Small, clip::Naive<float>> model;

// expect: images: this is no model input yet: pass preprocess(model, image)
#include <clip/backend/naive.hpp>
#include <clip/image/preprocess.hpp>
#include <clip/image/read.hpp>
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

auto encode(const clip::Model<Small, clip::Naive<float>>& model) {
#ifdef CLIP_CORRECTED
  return model.encode_image(clip::preprocess(model.input(), clip::read_image("cat.png")));
#else
  return model.encode_image(clip::read_image("cat.png"));
#endif
}

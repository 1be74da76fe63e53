// expect: texts: these are strings, not token ids: pass tokenizer(texts)
#include <clip/backend/naive.hpp>
#include <clip/model/model.hpp>
#include <clip/tokenizer/tokenizer.hpp>
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

auto encode(const clip::Model<Small, clip::Naive<float>>& model, const clip::Tokenizer& tokenizer) {
#ifdef CLIP_CORRECTED
  return model.encode_text(tokenizer("a dog", {.context = 32}));
#else
  (void)tokenizer;
  return model.encode_text("a dog");
#endif
}

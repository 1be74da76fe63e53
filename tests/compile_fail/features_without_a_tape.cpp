// expect: contrastive: no tape recorded these features: pass encode_image(tape, images)
#include <clip/autograd/tape.hpp>
#include <clip/backend/naive.hpp>
#include <clip/loss/contrastive.hpp>
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

using Backend = clip::Naive<float>;

auto loss(clip::Tape<Backend>& tape, const clip::Model<Small, Backend>& model, const clip::Images& images,
          const clip::Texts& texts) {
#ifdef CLIP_CORRECTED
  return clip::contrastive(tape, model.encode_image(tape, images), model.encode_text(tape, texts), model.similarity);
#else
  return clip::contrastive(tape, model.encode_image(images), model.encode_text(texts), model.similarity);
#endif
}

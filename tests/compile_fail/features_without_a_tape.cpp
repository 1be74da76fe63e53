// expect: contrastive: no tape recorded these features: pass encode_image(tape, images)
#include <clip/autograd/tape.hpp>
#include <clip/loss/contrastive.hpp>

#include "small.hpp"

using Backend = clip::Naive<float>;

auto loss(clip::Tape<Backend>& tape, const clip::Model<Small, Backend>& model, const clip::Images& images,
          const clip::Texts& texts) {
#ifdef CLIP_CORRECTED
  return clip::contrastive(tape, model.encode_image(tape, images), model.encode_text(tape, texts), model.similarity);
#else
  return clip::contrastive(tape, model.encode_image(images), model.encode_text(texts), model.similarity);
#endif
}

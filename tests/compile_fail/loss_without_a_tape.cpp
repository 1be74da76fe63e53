// expect: contrastive: the tape is missing: pass contrastive(tape, encode_image(tape, images)
#include <clip/autograd/tape.hpp>
#include <clip/backend/naive.hpp>
#include <clip/loss/contrastive.hpp>

using Backend = clip::Naive<float>;

#ifdef CLIP_CORRECTED
auto loss(clip::Tape<Backend>& tape, clip::Rows<clip::Tape<Backend>, 8> image, clip::Rows<clip::Tape<Backend>, 8> text,
          const clip::Similarity<Backend>& similarity) {
  return clip::contrastive(tape, image, text, similarity);
}
#else
auto loss(const clip::Features<float, 8>& image, const clip::Features<float, 8>& text,
          const clip::Similarity<Backend>& similarity) {
  return clip::contrastive(image, text, similarity);
}
#endif

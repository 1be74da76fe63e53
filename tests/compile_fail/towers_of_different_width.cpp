// expect: contrastive: the two towers embed into different widths
#include <clip/autograd/tape.hpp>
#include <clip/backend/naive.hpp>
#include <clip/loss/contrastive.hpp>

#ifdef CLIP_CORRECTED
constexpr clip::Index text_width = 64;
#else
constexpr clip::Index text_width = 48;
#endif

using Backend = clip::Naive<float>;
using Tape = clip::Tape<Backend>;

// For example the image features of one model and the text features of another, such as a teacher.
auto loss(Tape& tape, clip::Rows<Tape, 64> image, clip::Rows<Tape, text_width> text,
          const clip::Parameter<float>& logit_scale, clip::Ids groups) {
  return clip::contrastive(tape, image, text, logit_scale, groups);
}

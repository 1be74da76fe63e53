// expect: This model is fused: its branches are one convolution each, for inference.
#include <clip/autograd/tape.hpp>
#include <clip/backend/naive.hpp>
#include <clip/model/text_encoder.hpp>
#include <clip/tower/mct_text/mct_text.hpp>

struct Branches {
  clip::Index embed_dim = 4;
  clip::MctTextConfig text{.context = 8, .vocabulary = 9, .width = 8, .layers = 1, .heads = 2};
};
struct Fused {
  clip::Index embed_dim = 4;
  clip::FusedMctTextConfig text{.context = 8, .vocabulary = 9, .width = 8, .layers = 1, .heads = 2};
};
inline constexpr Branches branches;
inline constexpr Fused fused;

using Backend = clip::Naive<float>;

#ifdef CLIP_CORRECTED
using Encoder = clip::TextEncoder<branches, Backend>;
#else
using Encoder = clip::TextEncoder<fused, Backend>;
#endif

auto features(clip::Tape<Backend>& tape, const Encoder& encoder, const clip::Texts& texts) {
  return encoder.encode_text(tape, texts);
}

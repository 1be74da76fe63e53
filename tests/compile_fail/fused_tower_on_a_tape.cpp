// expect: This model is fused: its branches are one convolution each, for inference.
#include <clip/autograd/tape.hpp>
#include <clip/backend/naive.hpp>
#include <clip/model/image_encoder.hpp>
#include <clip/tower/mci/mci.hpp>

struct Branches {
  clip::Index embed_dim = 4;
  clip::MciConfig image{.image_size = 32, .stages = {clip::MciStage{1, 8, 8}}};
};
struct Fused {
  clip::Index embed_dim = 4;
  clip::FusedMciConfig image{.image_size = 32, .stages = {clip::MciStage{1, 8, 8}}};
};
inline constexpr Branches branches;
inline constexpr Fused fused;

using Backend = clip::Naive<float>;

#ifdef CLIP_CORRECTED
using Encoder = clip::ImageEncoder<branches, Backend>;
#else
using Encoder = clip::ImageEncoder<fused, Backend>;
#endif

auto features(clip::Tape<Backend>& tape, const Encoder& encoder, const clip::Images& images) {
  return encoder.encode_image(tape, images);
}

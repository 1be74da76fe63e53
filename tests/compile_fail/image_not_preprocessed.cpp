// expect: images: this is no model input yet: pass preprocess(model, image)
#include <clip/image/preprocess.hpp>
#include <clip/image/read.hpp>

#include "small.hpp"

auto encode(const clip::Model<Small, clip::Naive<float>>& model) {
#ifdef CLIP_CORRECTED
  return model.encode_image(clip::preprocess(model.input(), clip::read_image("cat.png")));
#else
  return model.encode_image(clip::read_image("cat.png"));
#endif
}

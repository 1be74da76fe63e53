// clip/learn/same_model.hpp: how the file of a learner tells whether a model is the one that it was learned with.
#pragma once

#include <clip/core/cosine.hpp>
#include <clip/core/rng.hpp>
#include <clip/image/image.hpp>
#include <clip/image/model_input.hpp>
#include <clip/tensor/tensor.hpp>

namespace clip::inline CLIP_ABI::detail {

/// The least cosine of a model's features with those in the file: types of less precision change them by less, other
/// models by more.
inline constexpr double least_cosine_of_same_model = 0.99;

/// The features of an image of noise: they depend on every weight of an image tower. (1, embed_dim)
template <class M>
auto features_of_noise(const M& model) {
  const ImageInput input = model.input();
  Images noise;
  noise.resize_for_reuse(1, input.channels, input.image_size, input.image_size);
  Rng rng{1};
  for (float& x : noise.values()) x = static_cast<float>(rng.normal());
  return model.encode_image(noise);
}

}  // namespace clip::inline CLIP_ABI::detail

// clip/learn/same_model.hpp: how the file of a learner tells whether a model is the one that it was learned with.
#pragma once

#include <clip/core/rng.hpp>
#include <clip/image/image.hpp>
#include <clip/image/model_input.hpp>
#include <clip/tensor/tensor.hpp>

#include <cmath>
#include <cstddef>
#include <span>

namespace clip::inline CLIP_ABI::detail {

/// The least cosine of a model's features with those in the file: types of less precision change them by less, other
/// models by more.
inline constexpr double least_cosine_of_same_model = 0.99;

template <class A, class B>
double cosine_of(std::span<const A> a, std::span<const B> b) {
  double product = 0, of_a = 0, of_b = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const auto x = static_cast<double>(a[i]), y = static_cast<double>(b[i]);
    product += x * y;
    of_a += x * x;
    of_b += y * y;
  }
  return product / std::sqrt(of_a * of_b);
}

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

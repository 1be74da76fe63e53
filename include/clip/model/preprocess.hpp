// clip/model/preprocess.hpp: pixels into what a given model wants to see.
#pragma once

#include <clip/image/preprocess.hpp>

#include <concepts>
#include <span>

namespace clip::inline CLIP_ABI {

/// Anything that knows the configuration of its image tower.
template <class M>
concept SeesImages = requires(const M& model) {
  { model.config().image } -> PreprocessConfig;
};

/// (1, 3, image_size, image_size) by the model's own size, mean and deviation. Errors as preprocess(config, image).
template <SeesImages M>
[[nodiscard]] Images preprocess(const M& model, const Image& image) {
  return preprocess(model.config().image, image);
}

/// Several at once: (n, 3, image_size, image_size).
template <SeesImages M>
[[nodiscard]] Images preprocess(const M& model, std::span<const Image> images) {
  return preprocess(model.config().image, images);
}

/// Doing it twice does not compile.
template <SeesImages M, std::same_as<Images> Input>
Images preprocess(const M&, const Input&) {
  static_assert(!std::same_as<Input, Images>, "preprocess: this is already model input");
  return {};
}

}  // namespace clip::inline CLIP_ABI

// clip/model/preprocess.hpp: preprocessing of images by a model's own input size and settings.
#pragma once

#include <clip/backend/threads.hpp>
#include <clip/image/preprocess.hpp>

#include <concepts>
#include <span>

namespace clip::inline CLIP_ABI {

/// A model or encoder with an image input.
template <class M>
concept HasImageInput = requires(const M& model) {
  { model.input() } -> std::same_as<ImageInput>;
};

/// (1, 3, image_size, image_size) by the model's own size and preprocessing. Errors as preprocess(config, image).
template <HasImageInput M>
[[nodiscard]] Images preprocess(const M& model, const Image& image) {
  return preprocess(model.input(), image);
}

/// Several images at once, into the memory of `out`: (n, 3, image_size, image_size). Uses the threads of the model's
/// backend, if it has any and no other call is using them; the bits are the same in any case.
template <HasImageInput M>
[[nodiscard]] Result<void> try_preprocess(const M& model, std::span<const Image> images, Images& out) {
  auto backend = model.backend();  // a handle
  if constexpr (ThreadedBackend<decltype(backend)>) return try_preprocess(model.input(), images, out, backend.pool());
  else return try_preprocess(model.input(), images, out);
}
template <HasImageInput M>
void preprocess(const M& model, std::span<const Image> images, Images& out) {
  try_preprocess(model, images, out).value();
}
template <HasImageInput M>
[[nodiscard]] Images preprocess(const M& model, std::span<const Image> images) {
  Images out;
  preprocess(model, images, out);
  return out;
}

/// Preprocessing twice does not compile.
template <HasImageInput M, std::same_as<Images> Input>
Images preprocess(const M&, const Input&) {
  static_assert(!std::same_as<Input, Images>, "preprocess: this is already model input");
  return {};
}

}  // namespace clip::inline CLIP_ABI

// clip/model/preprocess.hpp: pixels into what a given model wants to see.
#pragma once

#include <clip/backend/threads.hpp>
#include <clip/image/preprocess.hpp>

#include <concepts>
#include <span>

namespace clip::inline CLIP_ABI {

/// Anything that says what its image tower wants to see.
template <class M>
concept SeesImages = requires(const M& model) {
  { model.input() } -> std::same_as<ImageInput>;
};

/// (1, 3, image_size, image_size) by the model's own size and preprocessing. Errors as preprocess(config, image).
template <SeesImages M>
[[nodiscard]] Images preprocess(const M& model, const Image& image) {
  return preprocess(model.input(), image);
}

/// Several at once, in the memory `out` already has: (n, 3, image_size, image_size). On the threads of the model's backend where it
/// has any and nobody else is using them; the same bits in any case.
template <SeesImages M>
[[nodiscard]] Result<void> try_preprocess(const M& model, std::span<const Image> images, Images& out) {
  auto backend = model.backend();  // a handle
  if constexpr (ThreadedBackend<decltype(backend)>) return try_preprocess(model.input(), images, out, backend.pool());
  else return try_preprocess(model.input(), images, out);
}
template <SeesImages M>
void preprocess(const M& model, std::span<const Image> images, Images& out) {
  try_preprocess(model, images, out).value();
}
template <SeesImages M>
[[nodiscard]] Images preprocess(const M& model, std::span<const Image> images) {
  Images out;
  preprocess(model, images, out);
  return out;
}

/// Doing it twice does not compile.
template <SeesImages M, std::same_as<Images> Input>
Images preprocess(const M&, const Input&) {
  static_assert(!std::same_as<Input, Images>, "preprocess: this is already model input");
  return {};
}

}  // namespace clip::inline CLIP_ABI

// clip/image/preprocess.hpp: preprocess(): converts decoded images to model input.
#pragma once

#include <clip/backend/threads.hpp>
#include <clip/config/preprocessing.hpp>
#include <clip/core/result.hpp>
#include <clip/image/image.hpp>
#include <clip/image/resize/resize.hpp>

#include <concepts>
#include <memory>
#include <span>

namespace clip::inline CLIP_ABI {

namespace detail {
class Preparer;
}

/// The part of a model's configuration that preprocessing needs: image size, and the preprocessing of its training.
template <class C>
concept PreprocessConfig = requires(const C& c) {
  { c.image_size } -> std::convertible_to<Index>;
  { c.preprocessing } -> std::convertible_to<const Preprocessing&>;
};

/// Memory that calls of preprocessing reuse. With it, calls do not allocate once the largest image has been seen
/// (except for palettes and other images that need conversion), and images of equal size share their resize weights.
/// Not thread-safe.
class PreprocessMemory {
 public:
  CLIP_HOST PreprocessMemory();
  CLIP_HOST PreprocessMemory(PreprocessMemory&&) noexcept;
  CLIP_HOST PreprocessMemory& operator=(PreprocessMemory&&) noexcept;
  CLIP_HOST ~PreprocessMemory();

  CLIP_HOST detail::Preparer& preparer();

 private:
  std::unique_ptr<detail::Preparer> preparer_;  // null until the first use
};

namespace detail {

template <PreprocessConfig Config>
ImageInput image_input(const Config& config) {
  ImageInput input{};
  input.image_size = config.image_size;
  input.channels = 3;
  if constexpr (requires { config.channels; }) input.channels = config.channels;
  input.preprocessing = config.preprocessing;
  return input;
}

/// As below, with the threads of a pool that is not busy, and any memory if there is none.
CLIP_HOST Result<void> try_preprocess(const ImageInput& input, std::span<const Image> images, Images& out,
                                      ThreadPool* threads, PreprocessMemory& memory);
CLIP_HOST Result<void> try_preprocess(const ImageInput& input, std::span<const Image> images, Images& out,
                                      ThreadPool* threads);

}  // namespace detail

/// Converts images of any size to model input, in the memory of `out`: (n, 3, image_size, image_size), resized and
/// cropped by the configuration's Preprocessing, then (x / 255 - mean) / deviation. The floats equal the reference's
/// (Pillow, torchvision) bit for bit. Only pixels inside the crop are computed.
/// InputError: an image without pixels, or with a side above 2^24 (with its index). OptionError: a model whose input
/// does not have three channels. On errors `out` does not change.
template <PreprocessConfig Config>
[[nodiscard]] Result<void> try_preprocess(const Config& config, std::span<const Image> images, Images& out,
                                          PreprocessMemory& memory) {
  return detail::try_preprocess(detail::image_input(config), images, out, nullptr, memory);
}
template <PreprocessConfig Config>
[[nodiscard]] Result<void> try_preprocess(const Config& config, std::span<const Image> images, Images& out) {
  return detail::try_preprocess(detail::image_input(config), images, out, nullptr);
}

/// The same bits, computed in parallel by a thread pool, one image per task.
template <PreprocessConfig Config>
[[nodiscard]] Result<void> try_preprocess(const Config& config, std::span<const Image> images, Images& out,
                                          ThreadPool& threads, PreprocessMemory& memory) {
  return detail::try_preprocess(detail::image_input(config), images, out, &threads, memory);
}
template <PreprocessConfig Config>
[[nodiscard]] Result<void> try_preprocess(const Config& config, std::span<const Image> images, Images& out,
                                          ThreadPool& threads) {
  return detail::try_preprocess(detail::image_input(config), images, out, &threads);
}

template <PreprocessConfig Config>
void preprocess(const Config& config, std::span<const Image> images, Images& out) {
  try_preprocess(config, images, out).value();
}
template <PreprocessConfig Config>
void preprocess(const Config& config, std::span<const Image> images, Images& out, PreprocessMemory& memory) {
  try_preprocess(config, images, out, memory).value();
}
template <PreprocessConfig Config>
void preprocess(const Config& config, std::span<const Image> images, Images& out, ThreadPool& threads) {
  try_preprocess(config, images, out, threads).value();
}

/// One image: (1, 3, image_size, image_size).
template <PreprocessConfig Config>
[[nodiscard]] Images preprocess(const Config& config, const Image& image) {
  Images out;
  preprocess(config, std::span<const Image>{&image, 1}, out);
  return out;
}

/// Several images: (n, 3, image_size, image_size).
template <PreprocessConfig Config>
[[nodiscard]] Images preprocess(const Config& config, std::span<const Image> images) {
  Images out;
  preprocess(config, images, out);
  return out;
}

/// Preprocessing model input again does not compile.
template <PreprocessConfig Config, std::same_as<Images> Input>
Images preprocess(const Config&, const Input&) {
  static_assert(!std::same_as<Input, Images>, "preprocess: this is already model input");
  return {};
}
template <PreprocessConfig Config, std::same_as<Images> Input>
void preprocess(const Config&, const Input&, Images&) {
  static_assert(!std::same_as<Input, Images>, "preprocess: this is already model input");
}

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/image/preprocess.inl.hpp>
#endif

// clip/image/preprocess.hpp: preprocess(): converts decoded images to model input.
#pragma once

#include <clip/backend/threads.hpp>
#include <clip/config/preprocessing.hpp>
#include <clip/core/result.hpp>
#include <clip/image/image.hpp>
#include <clip/image/resize/resize.hpp>

#if defined(CLIP_WITH_PRECOMPILED)
#include <clip/image/precompiled/prepare.hpp>
#else
#include <clip/image/prepare.hpp>
#endif

#include <concepts>
#include <cstddef>
#include <span>
#include <string>

namespace clip::inline CLIP_ABI {

/// The part of a model's configuration that preprocessing needs: image size, and the preprocessing of its training.
template <class C>
concept PreprocessConfig = requires(const C& c) {
  { c.image_size } -> std::convertible_to<Index>;
  { c.preprocessing } -> std::convertible_to<const Preprocessing&>;
};

namespace detail {

/// Validates all arguments before writing. each(count, f) calls f(image, worker) with worker < `workers`.
template <PreprocessConfig Config, class Each>
Result<void> preprocess_each(const Config& config, std::span<const Image> images, Images& out, Preparer& prepare,
                             int workers, Each each) {
  const Index size = config.image_size, count = static_cast<Index>(images.size());
  if constexpr (requires { config.channels; })
    if (config.channels != 3) return OptionError{"preprocess", "channels of the model's input", 3, config.channels};
  if (size < 1 || size > longest_side) return OptionError{"preprocess", "image_size", "1 ... 2^24", size};
  for (std::size_t i = 0; i < images.size(); ++i) {
    const auto check = [&](const std::string& what) {
      return check_sides<InputError>("preprocess", what, images[i].width(), images[i].height());
    };
    if (!check("size")) return check("size of image " + std::to_string(i));
  }

  prepare.begin(config.preprocessing, size, workers);
  out.resize_for_reuse(count, 3, size, size);
  each(count, [&](Index i, int worker) { prepare(worker, images[static_cast<std::size_t>(i)], out.image(i)); });
  return {};
}

}  // namespace detail

/// Memory that calls of preprocessing reuse. With it, calls do not allocate once the largest image has been seen
/// (except for palettes and other images that need conversion), and images of equal size share their resize weights.
/// Not thread-safe.
class PreprocessMemory {
 public:
  detail::Preparer& preparer() { return preparer_; }

 private:
  detail::Preparer preparer_;
};

/// Converts images of any size to model input, in the memory of `out`: (n, 3, image_size, image_size), resized and
/// cropped by the configuration's Preprocessing, then (x / 255 - mean) / deviation. The floats equal the reference's
/// (Pillow, torchvision) bit for bit. Only pixels inside the crop are computed.
/// InputError: an image without pixels, or with a side above 2^24 (with its index). OptionError: a model whose input
/// does not have three channels. On errors `out` does not change.
template <PreprocessConfig Config>
[[nodiscard]] Result<void> try_preprocess(const Config& config, std::span<const Image> images, Images& out,
                                          PreprocessMemory& memory) {
  return detail::preprocess_each(config, images, out, memory.preparer(), 1, [](Index count, auto f) {
    for (Index i = 0; i < count; ++i) f(i, 0);
  });
}
template <PreprocessConfig Config>
[[nodiscard]] Result<void> try_preprocess(const Config& config, std::span<const Image> images, Images& out) {
  PreprocessMemory memory;
  return try_preprocess(config, images, out, memory);
}

/// The same bits, computed in parallel by a thread pool, one image per task.
template <PreprocessConfig Config>
[[nodiscard]] Result<void> try_preprocess(const Config& config, std::span<const Image> images, Images& out,
                                          ThreadPool& threads, PreprocessMemory& memory) {
  const ThreadPool::Lock lock{threads};
  if (!lock) return try_preprocess(config, images, out, memory);  // the pool is busy
  return detail::preprocess_each(config, images, out, memory.preparer(), threads.threads(),
                                 [&](Index count, auto f) { lock.parallel(count, f); });
}
template <PreprocessConfig Config>
[[nodiscard]] Result<void> try_preprocess(const Config& config, std::span<const Image> images, Images& out,
                                          ThreadPool& threads) {
  PreprocessMemory memory;
  return try_preprocess(config, images, out, threads, memory);
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

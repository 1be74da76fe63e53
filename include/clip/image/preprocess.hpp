// clip/image/preprocess.hpp: from decoded pixels to model input.
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

/// What preprocessing must know of a model: the size of its images, and how they were prepared in training.
template <class C>
concept PreprocessConfig = requires(const C& c) {
  { c.image_size } -> std::convertible_to<Index>;
  { c.preprocessing } -> std::convertible_to<const Preprocessing&>;
};

namespace detail {

/// Checks everything, then writes: each(count, f) calls f(image, worker), worker below `workers`.
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

/// What preprocessing keeps from one call to the next. Given the same, calls allocate nothing once the largest picture was seen
/// (but for palettes and what else is converted first), and pictures of equal size share their weights. For one caller at a time.
class PreprocessMemory {
 public:
  detail::Preparer& preparer() { return preparer_; }

 private:
  detail::Preparer preparer_;
};

/// Model input out of pictures of any size, in the memory `out` already has: (n, 3, image_size, image_size), resized and cut by the
/// configuration's Preprocessing, then (x / 255 - mean) / deviation. The floats are the reference's
/// (Pillow, torchvision), bit for bit; only what the cut keeps is computed.
/// InputError: an image without pixels, or with a side beyond 2^24 (which one). OptionError: a model whose input is not three
/// channels. `out` is then untouched.
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

/// The same bits, image by image on the threads of a pool.
template <PreprocessConfig Config>
[[nodiscard]] Result<void> try_preprocess(const Config& config, std::span<const Image> images, Images& out,
                                          ThreadPool& threads, PreprocessMemory& memory) {
  const ThreadPool::Reservation hold{threads};
  if (!hold) return try_preprocess(config, images, out, memory);  // somebody else has the pool
  return detail::preprocess_each(config, images, out, memory.preparer(), threads.threads(),
                                 [&](Index count, auto f) { hold.parallel(count, f); });
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

/// Several at once: (n, 3, image_size, image_size).
template <PreprocessConfig Config>
[[nodiscard]] Images preprocess(const Config& config, std::span<const Image> images) {
  Images out;
  preprocess(config, images, out);
  return out;
}

/// Doing it twice does not compile.
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

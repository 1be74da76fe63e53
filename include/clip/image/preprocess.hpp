// clip/image/preprocess.hpp: from decoded pixels to model input.
#pragma once

#include <clip/backend/threads.hpp>
#include <clip/config/preprocessing.hpp>
#include <clip/core/result.hpp>
#include <clip/image/convert.hpp>
#include <clip/image/image.hpp>
#include <clip/image/normalize.hpp>
#include <clip/image/resize.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// What preprocessing must know of a model: the size of its images, and how they were prepared in training.
template <class C>
concept PreprocessConfig = requires(const C& c) {
  { c.image_size } -> std::convertible_to<Index>;
  { c.preprocessing } -> std::convertible_to<const Preprocessing&>;
};

namespace detail {

/// Where a picture lies within its resized form.
struct Placement {
  Index width, height;  // of the whole picture, resized
  Box part;             // what the model sees of it
};

/// Half of n, halves to the even side: Python's round(n / 2).
constexpr Index half_to_even(Index n) { return n / 2 + (n % 4 == 3 ? 1 : 0); }

/// Where a picture lands, of width x height and a model of size x size. The longer side is cut off to whole pixels.
constexpr Placement place(const Preprocessing& how, Index width, Index height, Index size) {
  if (how.resize == ResizeMode::squash) return {size, size, {0, 0, size, size}};
  const Index shorter = std::min(width, height), w = size * width / shorter, h = size * height / shorter;
  const bool even = how.color_order == ColorOrder::openai;
  const Index left = even ? half_to_even(w - size) : (w - size) / 2, top = even ? half_to_even(h - size) : (h - size) / 2;
  return {w, h, {left, top, size, size}};
}

/// An image as the model sees it, still in its own pixels; borrowed from the image, the resizer, or `converted`.
inline Image placed(Resizer& resizer, Image& converted, const Image& image, const Preprocessing& how, Index size) {
  const Placement at = place(how, image.width(), image.height(), size);
  if (how.color_order == ColorOrder::openai) return resizer(image, at.width, at.height, at.part, ResizeManner::of(image, how.interpolation));
  // RGB first: alpha is dropped in the end, so it may come along unused; palettes are colours like any others.
  const Image& colors = needs_conversion(image.pixels()) ? converted = to_rgb(image) : image;
  return resizer(colors, at.width, at.height, at.part, {.interpolation = how.interpolation});
}

/// Checks everything, then writes: each(count, f) calls f(image, worker), worker below the number of resizers.
template <PreprocessConfig Config, class Each>
Result<void> preprocess_each(const Config& config, std::span<const Image> images, Images& out, std::vector<Resizer>& resizers, Each each) {
  const Index size = config.image_size, count = static_cast<Index>(images.size());
  if constexpr (requires { config.channels; })
    if (config.channels != 3) return OptionError{"preprocess", "channels of the model's input", 3, config.channels};
  if (size < 1 || size > longest_side) return OptionError{"preprocess", "image_size", "1 ... 2^24", size};
  for (std::size_t i = 0; i < images.size(); ++i) {
    const auto check = [&](const std::string& what) { return check_sides<InputError>("preprocess", what, images[i].width(), images[i].height()); };
    if (!check("size")) return check("size of image " + std::to_string(i));
  }

  const Preprocessing& how = config.preprocessing;
  const Normalization normalize{how};
  out.resize_for_reuse(count, 3, size, size);
  each(count, [&](Index i, int worker) {
    Image converted;
    normalize(placed(resizers[static_cast<std::size_t>(worker)], converted, images[static_cast<std::size_t>(i)], how, size), out.image(i));
  });
  return {};
}

}  // namespace detail

/// What preprocessing keeps from one call to the next. Given the same, calls allocate nothing once the largest picture was seen
/// (but for palettes and what else is converted first), and pictures of equal size share their weights. For one caller at a time.
class PreprocessMemory {
 public:
  /// One resizer for each of some threads.
  std::vector<detail::Resizer>& resizers(int threads) {
    if (std::cmp_less(resizers_.size(), threads)) resizers_.resize(static_cast<std::size_t>(threads));
    return resizers_;
  }

 private:
  std::vector<detail::Resizer> resizers_;
};

/// Model input out of pictures of any size, in the memory `out` already has: (n, 3, image_size, image_size), resized and cut by the
/// configuration's Preprocessing, then (x / 255 - mean) / deviation. The floats are the reference's
/// (Pillow, torchvision), bit for bit; only what the cut keeps is computed.
/// InputError: an image without pixels, or with a side beyond 2^24 (which one). OptionError: a model whose input is not three
/// channels. `out` is then untouched.
template <PreprocessConfig Config>
[[nodiscard]] Result<void> try_preprocess(const Config& config, std::span<const Image> images, Images& out, PreprocessMemory& memory) {
  return detail::preprocess_each(config, images, out, memory.resizers(1), [](Index count, auto f) {
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
[[nodiscard]] Result<void> try_preprocess(const Config& config, std::span<const Image> images, Images& out, ThreadPool& threads, PreprocessMemory& memory) {
  const ThreadPool::Hold hold{threads};
  if (!hold) return try_preprocess(config, images, out, memory);  // somebody else has the pool
  return detail::preprocess_each(config, images, out, memory.resizers(threads.threads()), [&](Index count, auto f) { hold.parallel(count, f); });
}
template <PreprocessConfig Config>
[[nodiscard]] Result<void> try_preprocess(const Config& config, std::span<const Image> images, Images& out, ThreadPool& threads) {
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

// clip/image/preprocess.hpp: from decoded pixels to model input.
#pragma once

#include <clip/core/result.hpp>
#include <clip/image/image.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <type_traits>

namespace clip::inline CLIP_ABI {

/// What preprocessing must know of a model: the size of its images, and mean and deviation per channel (red, green, blue).
template <class C>
concept PreprocessConfig = requires(const C& c) {
  { c.image_size } -> std::convertible_to<Index>;
  { c.mean[0] } -> std::convertible_to<float>;
  { c.deviation[0] } -> std::convertible_to<float>;
};

namespace detail {

/// Per channel, the float every byte becomes: (byte / 255 - mean) / deviation, each step rounded to float as the reference does.
class NormalizationTable {
 public:
  template <PreprocessConfig Config>
  explicit NormalizationTable(const Config& config) {
    for (std::size_t c = 0; c < 3; ++c)
      for (std::size_t byte = 0; byte < 256; ++byte)
        values_[c][byte] = (static_cast<float>(byte) / 255.0f - static_cast<float>(config.mean[c])) / static_cast<float>(config.deviation[c]);
  }

  /// An image of the right size into its three planes. Grey is repeated, alpha is dropped.
  void operator()(const Image& image, std::span<float> planes) const {
    const Index step = image.channels(), width = image.width();
    const bool blue_first = image.pixels() == Pixels::bgr || image.pixels() == Pixels::bgra;
    const std::size_t plane = static_cast<std::size_t>(width * image.height());
    for (std::size_t c = 0; c < 3; ++c) {
      const Index offset = step == 1 ? 0 : static_cast<Index>(blue_first ? 2 - c : c);
      const std::array<float, 256>& table = values_[c];
      float* out = planes.data() + c * plane;
      for (Index y = 0; y < image.height(); ++y) {
        const std::uint8_t* in = image.row(y) + offset;
        for (Index x = 0; x < width; ++x, in += step) *out++ = table[*in];
      }
    }
  }

 private:
  std::array<std::array<float, 256>, 3> values_;
};

/// What must hold before anything is written. Resizing, when it comes, replaces the check of the size.
inline Result<void> check_images(std::span<const Image> images, Index size) {
  for (std::size_t i = 0; i < images.size(); ++i)
    if (images[i].width() != size || images[i].height() != size) {
      const auto in_words = [](Index width, Index height) { return std::to_string(width) + " x " + std::to_string(height); };
      return InputError{"preprocess", "size of image " + std::to_string(i), in_words(size, size), in_words(images[i].width(), images[i].height())};
    }
  return {};
}

}  // namespace detail

/// Model input out of pixels, in the memory `out` already has: (n, 3, image_size, image_size), (x / 255 - mean) / deviation.
/// InputError: an image of another size (which one, expected, found). OptionError: a model whose input is not three channels.
/// `out` is then untouched.
template <PreprocessConfig Config>
[[nodiscard]] Result<void> try_preprocess(const Config& config, std::span<const Image> images, Images& out) {
  const Index size = config.image_size;
  if constexpr (requires { config.channels; })
    if (config.channels != 3) return OptionError{"preprocess", "channels of the model's input", 3, config.channels};
  if (auto good = detail::check_images(images, size); !good) return good;
  const detail::NormalizationTable normalize{config};
  out.resize_for_reuse(static_cast<Index>(images.size()), 3, size, size);
  for (std::size_t i = 0; i < images.size(); ++i) normalize(images[i], out.image(static_cast<Index>(i)));
  return {};
}

template <PreprocessConfig Config>
void preprocess(const Config& config, std::span<const Image> images, Images& out) {
  try_preprocess(config, images, out).value();
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

// clip/image/normalize.hpp: converts bytes to the normalised floats of the model input.
#pragma once

#include <clip/config/preprocessing.hpp>
#include <clip/image/convert.hpp>
#include <clip/image/image.hpp>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace clip::inline CLIP_ABI::detail {

/// Pixels per block. A compile-time count lets plain -O2 vectorise the loops.
inline constexpr Index normalize_block = 32;

/// a / b rounded to nearest, given `inverse` ≈ 1 / b: a product and one Newton step. Exact for almost all a and b; the
/// caller verifies the cases it needs.
inline float quotient(float a, float b, float inverse) {
  const float q = a * inverse;
  return std::fma(std::fma(-q, b, a), inverse, q);
}

/// One channel: byte -> (byte / white - mean) / deviation, each step rounded to float as in the reference.
class ChannelNormalization {
 public:
  ChannelNormalization() = default;
  ChannelNormalization(float mean, float deviation, float white = 255)
      : mean_{mean}, deviation_{deviation}, inverse_{1 / deviation}, white_{white}, inverse_white_{1 / white} {
    for (std::size_t byte = 0; byte < 256; ++byte)
      values_[byte] = (static_cast<float>(byte) / white - mean) / deviation;
#ifdef __FMA__
    for (std::size_t first = 0; first < 256; first += normalize_block) {
      std::uint8_t bytes[normalize_block];
      float computed[normalize_block];
      for (std::size_t i = 0; i < normalize_block; ++i) bytes[i] = static_cast<std::uint8_t>(first + i);
      compute(bytes, computed);
      computes_ = computes_ && std::memcmp(computed, &values_[first], sizeof computed) == 0;
    }
#else
    computes_ = false;  // the table is faster
#endif
  }

  /// The floats of the 256 bytes, by another rule.
  explicit ChannelNormalization(const std::array<float, 256>& values) : values_{values}, computes_{false} {}

  float operator[](std::uint8_t byte) const { return values_[byte]; }
  /// True if compute() gives the same bits as the table for every byte; it is faster.
  bool computes() const { return computes_; }

  void compute(const std::uint8_t* bytes, float* out) const {
    float values[normalize_block];
    for (Index i = 0; i < normalize_block; ++i)
      values[i] = quotient(quotient(bytes[i], white_, inverse_white_) - mean_, deviation_, inverse_);
    std::memcpy(out, values, sizeof values);
  }

 private:
  std::array<float, 256> values_{};
  float mean_ = 0, deviation_ = 1, inverse_ = 1, white_ = 255, inverse_white_ = 1 / 255.0f;
  bool computes_ = true;
};

/// Normalisation of the channels red, green and blue.
class Normalization {
 public:
  explicit Normalization(const Preprocessing& how) {
    const bool torchvision = how.resampling == Resampling::torchvision;
    // transformers' processors on torchvision scale mean and deviation instead of the pixels. Rounded here: a compiler
    // may otherwise fuse the product with the subtraction.
    const auto scale = static_cast<float>(1 / how.rescale_factor);
    const auto scaled = [scale](float x) {
      const volatile float product = scale * x;
      return product;
    };
    const bool usual = how.rescale_factor == usual_rescale_factor;
    for (std::size_t c = 0; c < 3; ++c) {
      if (torchvision && how.normalize) channels_[c] = {scaled(how.mean[c]), scaled(how.deviation[c]), 1.0f};
      else if (torchvision || !usual) channels_[c] = ChannelNormalization{rescaled(how, c)};
      else channels_[c] = {how.mean[c], how.deviation[c]};
    }
    computes_ = channels_[0].computes() && channels_[1].computes() && channels_[2].computes();
  }

  /// Writes the pixels of an image to three planes. Repeats grey, drops alpha.
  void operator()(const Image& image, std::span<float> planes) const {
    if (needs_conversion(image.pixels())) return (*this)(to_rgb(image), planes);
    const Index size = image.width() * image.height();
    for (Index y = 0; y < image.height(); ++y) {
      float* const out = planes.data() + y * image.width();
      switch (image.pixels()) {
        case Pixels::gray: row<1, 0, 0>(image, y, out, size); break;
        case Pixels::bgr: row<3, 2, 0>(image, y, out, size); break;
        case Pixels::rgba: row<4, 0, 2>(image, y, out, size); break;
        case Pixels::bgra: row<4, 2, 0>(image, y, out, size); break;
        default: row<3, 0, 2>(image, y, out, size);
      }
    }
  }

 private:
  /// torchvision without normalisation: a product of floats. transformers on Pillow, for any factor: one of doubles,
  /// rounded to float, then mean and deviation.
  static std::array<float, 256> rescaled(const Preprocessing& how, std::size_t channel) {
    std::array<float, 256> values{};
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const auto product = static_cast<float>(static_cast<double>(byte) * how.rescale_factor);
      values[byte] = how.resampling == Resampling::torchvision
                         ? static_cast<float>(byte) * static_cast<float>(how.rescale_factor)
                         : (product - how.mean[channel]) / how.deviation[channel];
    }
    return values;
  }

  /// Writes row y of the image to the same row of three planes, `plane` floats apart.
  template <Index Step, Index Red, Index Blue>
  void row(const Image& image, Index y, float* out, Index plane) const {
    constexpr std::array<Index, 3> at{Red, (Red + Blue) / 2, Blue};
    const std::uint8_t* in = image.row(y);
    Index x = 0;
    for (; computes_ && x + normalize_block <= image.width(); x += normalize_block, in += normalize_block * Step) {
      std::uint8_t pixels[normalize_block * Step], separate[3][normalize_block];
      std::memcpy(pixels, in, sizeof pixels);
      for (Index i = 0; i < normalize_block; ++i) {
        separate[0][i] = pixels[Step * i + at[0]];
        separate[1][i] = pixels[Step * i + at[1]];
        separate[2][i] = pixels[Step * i + at[2]];
      }
      for (std::size_t c = 0; c < 3; ++c) channels_[c].compute(separate[c], out + static_cast<Index>(c) * plane + x);
    }
    for (std::size_t c = 0; c < 3; ++c) {
      const ChannelNormalization& channel = channels_[c];
      float* const to = out + static_cast<Index>(c) * plane;
      for (Index i = x; i < image.width(); ++i) to[i] = channel[in[(i - x) * Step + at[c]]];
    }
  }

  std::array<ChannelNormalization, 3> channels_;
  bool computes_ = true;
};

}  // namespace clip::inline CLIP_ABI::detail

// clip/config/preprocessing.hpp: preprocessing of a model's images: resize, crop, normalise. Belongs to the weights.
#pragma once

#include <clip/core/choice.hpp>
#include <clip/core/size.hpp>

#include <array>
#include <limits>
#include <string_view>

namespace clip::inline CLIP_ABI {

/// shortest: resize the shorter side to the model's size, or to resize_to, then crop the centre. squash: resize both
/// sides, ignoring the aspect ratio.
enum class ResizeMode : unsigned char { shortest, squash };
inline constexpr std::array resize_modes{ResizeMode::shortest, ResizeMode::squash};

/// The filters of Pillow and torchvision, widened by the scale when an image shrinks.
enum class Interpolation : unsigned char { bicubic, bilinear };
inline constexpr std::array interpolations{Interpolation::bicubic, Interpolation::bilinear};

/// The order of resizing and colour conversion, and the rounding of the crop's corner. The order affects files that are
/// not RGB.
///   openai:      resize in the file's own mode (alpha multiplied in and out again, palettes by nearest neighbour),
///                then RGB; the crop's corner is rounded half to even
///   huggingface: RGB first (alpha dropped), then resize; the crop's corner is rounded down
enum class ColorOrder : unsigned char { openai, huggingface };
inline constexpr std::array color_orders{ColorOrder::openai, ColorOrder::huggingface};

/// The library whose resize is reproduced, bit for bit. They differ by a few levels in a few pixels.
///   pillow13:    Pillow 13: the vertical pass first if the height shrinks by more than twice as many pixels as the
///                width, otherwise the horizontal pass; 16-bit grey values are clamped to 0 … 65535
///   pillow12:    Pillow 12.1 and older, with which the published models were trained and measured: always the
///                horizontal pass first; the two bytes of a 16-bit value are clamped separately. (12.2 and 12.3 differ
///                from it in images more than a hundred times as tall as wide, 12.3 also clamps as 13)
///   torchvision: resize() of uint8 tensors, antialiased, on a CPU with AVX2 (on x86 without it torchvision resizes
///                bilinearly in floats), as transformers 5 and the "fast" image processors of transformers 4 do it:
///                always the horizontal pass first, weights of 16 bits. Images are RGB before the resize in either
///                color_order; with huggingface an image with alpha, a transparent colour or a transparent palette
///                is laid on white first, as transformers 5 does (4 drops alpha). Mean and deviation are scaled to
///                0 … 255 instead of the pixels to 0 … 1
enum class Resampling : unsigned char { pillow13, pillow12, torchvision };
inline constexpr std::array resamplings{Resampling::pillow13, Resampling::pillow12, Resampling::torchvision};

/// Mean and standard deviation of the training pixels (in 0 … 1): red, green, blue.
inline constexpr std::array<float, 3> openai_mean{0.48145466f, 0.4578275f, 0.40821073f};
inline constexpr std::array<float, 3> openai_deviation{0.26862954f, 0.26130258f, 0.27577711f};
inline constexpr std::array<float, 3> inception_mean{0.5f, 0.5f, 0.5f};
inline constexpr std::array<float, 3> inception_deviation{0.5f, 0.5f, 0.5f};

/// What transformers' image processors multiply bytes by, if nothing else is stated.
inline constexpr double usual_rescale_factor = 1.0 / 255;

/// Whether bytes can be multiplied by this factor: it and its inverse are positive floats.
constexpr bool is_rescale_factor(double x) {
  constexpr double most = std::numeric_limits<float>::max();
  return x > 0 && x <= most && 1 / x <= most;
}

/// From decoded pixels to model input: resize, crop, RGB, then (x / 255 - mean) / deviation. The defaults are those of
/// OpenAI's models and of most later ones.
struct Preprocessing {
  ResizeMode resize = ResizeMode::shortest;
  Interpolation interpolation = Interpolation::bicubic;
  ColorOrder color_order = ColorOrder::openai;
  std::array<float, 3> mean = openai_mean;
  std::array<float, 3> deviation = openai_deviation;
  Resampling resampling = Resampling::pillow13;
  Index resize_to = 0;  // the resized side, of which the model's size is cut out; 0: the model's size
  double rescale_factor = usual_rescale_factor;  // what bytes are multiplied by, instead of x / 255
  // False: not even a mean of 0 and a deviation of 1, which they then are, is applied. For torchvision that is another
  // rounding.
  bool normalize = true;

  /// The side that an image of a model is resized to.
  constexpr Index resized(Index image_size) const { return resize_to != 0 ? resize_to : image_size; }

  friend constexpr bool operator==(const Preprocessing&, const Preprocessing&) = default;
};

/// The problem of an impossible preprocessing for images of image_size, as a sentence, or null; see config/clip.hpp.
constexpr const char* problem(const Preprocessing& p, Index image_size) {
  constexpr float most = std::numeric_limits<float>::max();
  for (const float x : p.mean)
    if (!(x >= -most && x <= most)) return "Preprocessing: mean must be finite";
  for (const float x : p.deviation)
    if (!(x > 0 && x <= most)) return "Preprocessing: deviation must be positive";
  if (!is_rescale_factor(p.rescale_factor)) return "Preprocessing: rescale_factor must be positive";
  if (!p.normalize && (p.mean != std::array<float, 3>{0, 0, 0} || p.deviation != std::array<float, 3>{1, 1, 1}))
    return "Preprocessing: without normalize, mean must be 0 and deviation 1";
  if (p.resize_to < 0) return "Preprocessing: resize_to must be positive, or 0 for image_size";
  if (p.resized(image_size) < image_size) return "Preprocessing: resize_to must not be less than image_size";
  return nullptr;
}

/// The expected input of an image tower: the result of input().
struct ImageInput {
  Index image_size;
  Index channels = 3;
  Preprocessing preprocessing{};
};

// Names in files, in both directions. OptionError: an unknown name.
constexpr std::string_view name_of(ResizeMode mode) { return mode == ResizeMode::squash ? "squash" : "shortest"; }
constexpr std::string_view name_of(Interpolation filter) {
  return filter == Interpolation::bilinear ? "bilinear" : "bicubic";
}
constexpr std::string_view name_of(ColorOrder order) {
  return order == ColorOrder::huggingface ? "huggingface" : "openai";
}
constexpr std::string_view name_of(Resampling resampling) {
  switch (resampling) {
    case Resampling::pillow12: return "pillow12";
    case Resampling::torchvision: return "torchvision";
    default: return "pillow13";
  }
}

inline Result<ResizeMode> try_resize_mode(std::string_view name) {
  return try_choice("config", "resize", name, resize_modes);
}
inline Result<Interpolation> try_interpolation(std::string_view name) {
  return try_choice("config", "interpolation", name, interpolations);
}
inline Result<ColorOrder> try_color_order(std::string_view name) {
  return try_choice("config", "color_order", name, color_orders);
}
inline Result<Resampling> try_resampling(std::string_view name) {
  return try_choice("config", "resampling", name, resamplings);
}

}  // namespace clip::inline CLIP_ABI

// clip/config/preprocessing.hpp: how pictures become what a model was trained on. Belongs to the weights.
#pragma once

#include <clip/core/choice.hpp>
#include <clip/core/size.hpp>

#include <array>
#include <limits>
#include <string_view>

namespace clip::inline CLIP_ABI {

/// shortest: the shorter side becomes the model's size, then the middle is cut out. squash: both sides do, whatever the aspect ratio.
enum class ResizeMode : unsigned char { shortest, squash };
inline constexpr std::array resize_modes{ResizeMode::shortest, ResizeMode::squash};

/// The filters of the reference (Pillow), widened by the scale where a picture shrinks.
enum class Interpolation : unsigned char { bicubic, bilinear };
inline constexpr std::array interpolations{Interpolation::bicubic, Interpolation::bilinear};

/// Where a file is not RGB, the order of resizing and converting shows; so does the crop's rounding.
///   openai:      resize in the file's own mode (alpha multiplied in and out again, palettes by nearest neighbour), then RGB;
///                the crop's corner is rounded half to even
///   huggingface: RGB first (alpha dropped), then resize; the crop's corner is rounded down
enum class ColorOrder : unsigned char { openai, huggingface };
inline constexpr std::array color_orders{ColorOrder::openai, ColorOrder::huggingface};

/// Mean and deviation of the pixels (in 0 … 1), red, green, blue, that models were trained on.
inline constexpr std::array<float, 3> openai_mean{0.48145466f, 0.4578275f, 0.40821073f};
inline constexpr std::array<float, 3> openai_deviation{0.26862954f, 0.26130258f, 0.27577711f};
inline constexpr std::array<float, 3> inception_mean{0.5f, 0.5f, 0.5f};
inline constexpr std::array<float, 3> inception_deviation{0.5f, 0.5f, 0.5f};

/// From decoded pixels to model input: resize, cut, RGB, then (x / 255 - mean) / deviation. OpenAI's, and that of most models
/// after them, are the defaults.
struct Preprocessing {
  ResizeMode resize = ResizeMode::shortest;
  Interpolation interpolation = Interpolation::bicubic;
  ColorOrder color_order = ColorOrder::openai;
  std::array<float, 3> mean = openai_mean;
  std::array<float, 3> deviation = openai_deviation;

  friend constexpr bool operator==(const Preprocessing&, const Preprocessing&) = default;
};

/// The sentence a preprocessing fails with, or null; see config/clip.hpp.
constexpr const char* problem(const Preprocessing& p) {
  constexpr float most = std::numeric_limits<float>::max();
  for (const float x : p.mean)
    if (!(x >= -most && x <= most)) return "Preprocessing: mean must be finite";
  for (const float x : p.deviation)
    if (!(x > 0 && x <= most)) return "Preprocessing: deviation must be positive";
  return nullptr;
}

/// What a model wants to see: its input() says so.
struct ImageInput {
  Index image_size;
  Index channels;
  Preprocessing preprocessing;
};

// The names files use, and back; anything else is an OptionError.
constexpr std::string_view name_of(ResizeMode mode) { return mode == ResizeMode::squash ? "squash" : "shortest"; }
constexpr std::string_view name_of(Interpolation filter) {
  return filter == Interpolation::bilinear ? "bilinear" : "bicubic";
}
constexpr std::string_view name_of(ColorOrder order) {
  return order == ColorOrder::huggingface ? "huggingface" : "openai";
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

}  // namespace clip::inline CLIP_ABI

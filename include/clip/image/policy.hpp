// clip/image/policy.hpp: how pictures of any size become pictures of a model's size. Belongs to the weights, like mean and deviation.
#pragma once

#include <clip/core/abi.hpp>

namespace clip::inline CLIP_ABI {

/// shortest: the shorter side becomes the model's size, then the middle is cut out. squash: both sides do, whatever the aspect ratio.
enum class ResizeMode : unsigned char { shortest, squash };

/// The filters of the reference (Pillow), widened by the scale where a picture shrinks.
enum class Interpolation : unsigned char { bicubic, bilinear };

/// Where a file is not RGB, the order of resizing and converting shows; so does the crop's rounding.
///   openai:      resize in the file's own mode (alpha multiplied in and out again, palettes by nearest neighbour), then RGB;
///                the crop's corner is rounded half to even
///   huggingface: RGB first (alpha dropped), then resize; the crop's corner is rounded down
enum class ColorOrder : unsigned char { openai, huggingface };

/// All three. OpenAI's models and most of those after them: the defaults.
struct ResizePolicy {
  ResizeMode resize = ResizeMode::shortest;
  Interpolation interpolation = Interpolation::bicubic;
  ColorOrder color_order = ColorOrder::openai;

  friend constexpr bool operator==(const ResizePolicy&, const ResizePolicy&) = default;
};

/// The policy of a configuration: its fields of the same names where it has them, the defaults elsewhere.
template <class Config>
constexpr ResizePolicy resize_policy(const Config& config) {
  ResizePolicy policy;
  if constexpr (requires { policy.resize = config.resize; }) policy.resize = config.resize;
  if constexpr (requires { policy.interpolation = config.interpolation; }) policy.interpolation = config.interpolation;
  if constexpr (requires { policy.color_order = config.color_order; }) policy.color_order = config.color_order;
  return policy;
}

}  // namespace clip::inline CLIP_ABI

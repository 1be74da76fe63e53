// clip/tower/clip_vit/clipa.hpp: CLIPA (Li et al. 2023): OpenCLIP's large models without ln_pre, causal mask and class
// token in the pooling, for short texts of BERT's pieces.
#pragma once

#include <clip/tower/clip_vit/openclip.hpp>

#include <array>

namespace clip::inline CLIP_ABI {

/// Mean and standard deviation of ImageNet's pixels.
inline constexpr std::array<float, 3> imagenet_mean{0.485f, 0.456f, 0.406f};
inline constexpr std::array<float, 3> imagenet_deviation{0.229f, 0.224f, 0.225f};

namespace detail {

/// The same towers as CLIPA trains them.
constexpr VitClipConfig as_clipa(VitClipConfig c, Index image_size) {
  c.image.image_size = image_size;
  c.image.mean_pooled = true;
  c.image.preprocessing.mean = imagenet_mean;
  c.image.preprocessing.deviation = imagenet_deviation;
  c.image.preprocessing.interpolation = Interpolation::bilinear;
  c.image.preprocessing.resize = ResizeMode::squash;
  c.text.context = 32;
  c.text.vocabulary = 32000;
  c.text.causal = false;
  c.text.end = 0;
  c.text.last_pooled = true;
  return c;
}

}  // namespace detail

namespace clipa {
inline constexpr auto ViT_L_14 = detail::as_clipa(laion400m::ViT_L_14, 224);
inline constexpr auto ViT_L_14_336 = detail::as_clipa(laion400m::ViT_L_14, 336);
inline constexpr auto ViT_H_14 = detail::as_clipa(laion::ViT_H_14, 224);
inline constexpr auto ViT_H_14_336 = detail::as_clipa(laion::ViT_H_14, 336);
inline constexpr auto ViT_bigG_14 = detail::as_clipa(laion::ViT_bigG_14, 224);
inline constexpr auto ViT_bigG_14_336 = detail::as_clipa(laion::ViT_bigG_14, 336);
}  // namespace clipa

}  // namespace clip::inline CLIP_ABI

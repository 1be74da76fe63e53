// clip/tower/clip_vit/metaclip2.hpp: Meta CLIP 2 (Chuang et al. 2025): OpenCLIP's large models, worldwide.
#pragma once

#include <clip/tower/clip_vit/openclip.hpp>

namespace clip::inline CLIP_ABI {

namespace detail {

/// The same towers with the pieces of XLM-V, whose texts end with id 2 and are filled with id 1.
constexpr VitClipConfig worldwide(VitClipConfig c, Index image_size) {
  c.image.image_size = image_size;
  if (image_size != 224) c.image.preprocessing.resize = ResizeMode::squash;
  c.text.vocabulary = 901629;
  c.text.end = 2;
  c.text.pad = 1;
  return c;
}

}  // namespace detail

/// Tags metaclip2_worldwide of OpenCLIP's …-worldwide; only the smaller H computes with quick_gelu.
namespace metaclip2 {
inline constexpr auto ViT_H_14 = detail::worldwide(metaclip::ViT_H_14, 224);
inline constexpr auto ViT_H_14_378 = detail::worldwide(laion::ViT_H_14, 378);
inline constexpr auto ViT_bigG_14 = detail::worldwide(laion::ViT_bigG_14, 224);
inline constexpr auto ViT_bigG_14_378 = detail::worldwide(laion::ViT_bigG_14, 378);
}  // namespace metaclip2

}  // namespace clip::inline CLIP_ABI

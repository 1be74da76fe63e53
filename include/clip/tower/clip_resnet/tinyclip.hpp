// clip/tower/clip_resnet/tinyclip.hpp: Microsoft's TinyCLIP models with residual networks (Wu et al. 2023).
//
// Source: TinyCLIP's src/open_clip/model_configs/*.json; see clip/tower/clip_vit/tinyclip.hpp.
#pragma once

#include <clip/tower/clip_resnet/openai.hpp>

namespace clip::inline CLIP_ABI {

/// TinyCLIP (Wu et al. 2023), trained on LAION-400M.
namespace tinyclip {
inline constexpr auto ResNet_19M_Text_19M = [] {
  auto c = RN50;
  c.image.width = 44;
  c.text.layers = 6;
  c.text.activation = Activation::gelu;
  return c;
}();
inline constexpr auto ResNet_30M_Text_29M = [] {
  auto c = ResNet_19M_Text_19M;
  c.image.width = 56;
  c.text.layers = 9;
  return c;
}();
}  // namespace tinyclip

}  // namespace clip::inline CLIP_ABI

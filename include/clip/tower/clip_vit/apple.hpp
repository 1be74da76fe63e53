// clip/tower/clip_vit/apple.hpp: Apple's MobileCLIP 2 L-14, OpenAI's architecture in timm's form.
#pragma once

#include <clip/tower/clip_vit/openclip.hpp>

namespace clip::inline CLIP_ABI {

/// MobileCLIP 2 (Faghri et al. 2025).
namespace mobileclip2 {
inline constexpr auto L_14 = [] {
  VitClipConfig c = detail::with(ViT_L_14, Activation::gelu);
  c.image.projection_bias = true;
  c.text.causal = false;
  return c;
}();
}  // namespace mobileclip2

}  // namespace clip::inline CLIP_ABI

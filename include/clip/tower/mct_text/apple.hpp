// clip/tower/mct_text/apple.hpp: Apple's MobileCLIP S0, the model with the hybrid text tower.
#pragma once

#include <clip/config/clip.hpp>
#include <clip/tower/mci/apple.hpp>
#include <clip/tower/mct_text/mct_text.hpp>

namespace clip::inline CLIP_ABI {

using MctClipConfig = ClipConfig<MciConfig, MctTextConfig>;

namespace mobileclip {
/// MobileCLIP S0 (Vasu et al. 2024): the image tower of MobileCLIP 2's S0 and a text tower of its own.
inline constexpr MctClipConfig S0{.embed_dim = 512,
                                  .image = mobileclip2::S0.image,
                                  .text = {.context = 77, .vocabulary = 49408, .width = 512, .layers = 4, .heads = 8}};
}  // namespace mobileclip

}  // namespace clip::inline CLIP_ABI

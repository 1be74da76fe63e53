// clip/tower/conv_vit/apple.hpp: Apple's MobileCLIP-B models, as OpenCLIP holds and computes them.
//
// Files under Apple's own names have the same weights for other features: `inspect` finds stem_padding 1 and an epsilon
// of 1e-5 there.
#pragma once

#include <clip/config/clip.hpp>
#include <clip/tower/clip_text/text_transformer.hpp>
#include <clip/tower/conv_vit/vision_transformer.hpp>

namespace clip::inline CLIP_ABI {

using ConvVitClipConfig = ClipConfig<ConvVitConfig, TextConfig>;

/// MobileCLIP (Vasu et al. 2024).
namespace mobileclip {
inline constexpr ConvVitClipConfig B{.embed_dim = 512,
                                     .image = {.image_size = 224,
                                               .width = 768,
                                               .layers = 12,
                                               .heads = 12,
                                               .activation = Activation::gelu,
                                               .epsilon = 1e-6f,
                                               .stem_padding = 0},
                                     .text = {.context = 77,
                                              .vocabulary = 49408,
                                              .width = 512,
                                              .layers = 12,
                                              .heads = 8,
                                              .activation = Activation::gelu,
                                              .epsilon = 1e-5f}};
/// Trained for longer.
inline constexpr ConvVitClipConfig B_LT = B;
}  // namespace mobileclip

/// MobileCLIP 2 (Faghri et al. 2025).
namespace mobileclip2 {
inline constexpr ConvVitClipConfig B = mobileclip::B;
}  // namespace mobileclip2

}  // namespace clip::inline CLIP_ABI

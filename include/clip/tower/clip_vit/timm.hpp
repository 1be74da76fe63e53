// clip/tower/clip_vit/timm.hpp: timm's vision transformers as image towers.
#pragma once

#include <clip/tower/clip_vit/vision_transformer.hpp>

namespace clip::inline CLIP_ABI {

/// vit_base_patch16_224 (Dosovitskiy et al. 2021), whose patches have a bias, and whose blocks no norm precedes.
inline constexpr VitConfig timm_ViT_B_16{.image_size = 224,
                                         .patch_size = 16,
                                         .width = 768,
                                         .layers = 12,
                                         .heads = 12,
                                         .activation = Activation::gelu,
                                         .epsilon = 1e-6f,
                                         .plain = true};

}  // namespace clip::inline CLIP_ABI

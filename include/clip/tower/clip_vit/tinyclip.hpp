// clip/tower/clip_vit/tinyclip.hpp: Microsoft's TinyCLIP models with vision transformers (Wu et al. 2023).
//
// Source: TinyCLIP's src/open_clip/model_configs/*.json, which know no quick GELU. Names count parameters, those of the
// text tower without its token table.
#pragma once

#include <clip/tower/clip_vit/openai.hpp>

namespace clip::inline CLIP_ABI {

namespace detail {

/// Sizes of a TinyCLIP that was distilled by manual inheritance: heads of 64 columns in both towers.
constexpr VitClipConfig tiny(Index patch_size, Index image_width, Index image_layers, Index text_width,
                             Index text_layers) {
  VitClipConfig c = ViT_B_32;
  c.image.patch_size = patch_size;
  c.image.width = image_width;
  c.image.layers = image_layers;
  c.image.heads = image_width / 64;
  c.text.width = text_width;
  c.text.layers = text_layers;
  c.text.heads = text_width / 64;
  c.image.activation = c.text.activation = Activation::gelu;
  return c;
}

}  // namespace detail

/// TinyCLIP (Wu et al. 2023): the first two trained on YFCC-15M, the others on LAION-400M.
namespace tinyclip {
inline constexpr auto ViT_8M_16_Text_3M = detail::tiny(16, 256, 10, 256, 3);
inline constexpr auto ViT_39M_16_Text_19M = detail::tiny(16, 512, 12, 512, 6);
inline constexpr auto ViT_40M_32_Text_19M = detail::tiny(32, 512, 12, 512, 6);
inline constexpr auto ViT_61M_32_Text_29M = detail::tiny(32, 640, 12, 512, 9);
}  // namespace tinyclip

}  // namespace clip::inline CLIP_ABI

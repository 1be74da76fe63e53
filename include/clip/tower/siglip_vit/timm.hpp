// clip/tower/siglip_vit/timm.hpp: SigLIP's image towers by timm's names, and the activation that timm computes with.
#pragma once

#include <clip/tower/siglip_vit/config.hpp>

#include <array>
#include <string_view>

namespace clip::inline CLIP_ABI::detail {

/// An architecture of timm, as OpenCLIP's timm_model_name states it. timm computes half of them with GELU by erf,
/// although all were trained with GELU by tanh.
struct TimmSiglip {
  std::string_view name;
  Index image_size, patch_size, width, layers, heads, hidden;
  Activation activation;

  /// Whether it has the shape of a configuration; the image size does not matter.
  constexpr bool has_shape_of(const SiglipVitConfig& c) const {
    return patch_size == c.patch_size && width == c.width && layers == c.layers && heads == c.heads &&
           hidden == c.hidden();
  }
};

// clang-format off
inline constexpr std::array<TimmSiglip, 16> timm_siglips{{
    {"vit_base_patch32_siglip_256", 256, 32, 768, 12, 12, 3072, Activation::gelu_tanh},
    {"vit_base_patch16_siglip_224", 224, 16, 768, 12, 12, 3072, Activation::gelu},
    {"vit_base_patch16_siglip_256", 256, 16, 768, 12, 12, 3072, Activation::gelu},
    {"vit_base_patch16_siglip_384", 384, 16, 768, 12, 12, 3072, Activation::gelu},
    {"vit_base_patch16_siglip_512", 512, 16, 768, 12, 12, 3072, Activation::gelu},
    {"vit_large_patch16_siglip_256", 256, 16, 1024, 24, 16, 4096, Activation::gelu},
    {"vit_large_patch16_siglip_384", 384, 16, 1024, 24, 16, 4096, Activation::gelu},
    {"vit_large_patch16_siglip_512", 512, 16, 1024, 24, 16, 4096, Activation::gelu_tanh},
    {"vit_so400m_patch14_siglip_224", 224, 14, 1152, 27, 16, 4304, Activation::gelu},
    {"vit_so400m_patch14_siglip_378", 378, 14, 1152, 27, 16, 4304, Activation::gelu},
    {"vit_so400m_patch14_siglip_384", 384, 14, 1152, 27, 16, 4304, Activation::gelu},
    {"vit_so400m_patch16_siglip_256", 256, 16, 1152, 27, 16, 4304, Activation::gelu_tanh},
    {"vit_so400m_patch16_siglip_384", 384, 16, 1152, 27, 16, 4304, Activation::gelu_tanh},
    {"vit_so400m_patch16_siglip_512", 512, 16, 1152, 27, 16, 4304, Activation::gelu_tanh},
    {"vit_giantopt_patch16_siglip_256", 256, 16, 1536, 40, 16, 6144, Activation::gelu_tanh},
    {"vit_giantopt_patch16_siglip_384", 384, 16, 1536, 40, 16, 6144, Activation::gelu_tanh},
}};
// clang-format on

/// The architecture of a configuration: of its image size; or of another with its activation; or null.
constexpr const TimmSiglip* timm_siglip_of(const SiglipVitConfig& c) {
  const TimmSiglip* found = nullptr;
  for (const TimmSiglip& known : timm_siglips) {
    if (!known.has_shape_of(c)) continue;
    const bool sized = known.image_size == c.image_size, acts = known.activation == c.activation.value;
    if (sized && acts) return &known;
    if (found == nullptr || (acts && found->activation != c.activation.value) ||
        (sized && found->activation != c.activation.value))
      found = &known;
  }
  return found;
}

/// The activation that OpenCLIP computes a file of these sizes with.
constexpr const TimmSiglip* timm_siglip_sized(const SiglipVitConfig& c) {
  for (const TimmSiglip& known : timm_siglips)
    if (known.has_shape_of(c) && known.image_size == c.image_size) return &known;
  return nullptr;
}

}  // namespace clip::inline CLIP_ABI::detail

// clip/tower/siglip_vit/description.hpp: SigLIP's vision transformer in files: JSON, names, inference from shapes.
#pragma once

#include <clip/tower/counting.hpp>
#include <clip/tower/description.hpp>
#include <clip/tower/siglip_vit/google.hpp>

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI {

template <>
struct Description<SiglipVitConfig> : DescriptionDefaults {
  static constexpr std::string_view kind = "siglip_vit";
  static constexpr std::string_view words = "a vision transformer of SigLIP";

  static bool recognises(const JsonReader& image);
  static SiglipVitConfig read(JsonReader& image);
  static JsonTree write(const SiglipVitConfig& c);

  // timm's names of architectures (timm.hpp) determine everything but the image size.
  static constexpr bool in_own_openclip_keys = true;
  static bool recognises_openclip(const JsonReader& image);
  static SiglipVitConfig read_openclip(JsonReader& image, Activation);
  static Result<JsonTree> try_write_openclip(const SiglipVitConfig& c, const std::string& place);

  static constexpr HuggingfaceClass huggingface{"Siglip", "siglip"};
  static Result<JsonTree> try_write_huggingface(const SiglipVitConfig& c, Index embed_dim, const std::string& place);

  static constexpr PatchTensors patches{"visual.conv1.weight", "visual.positional_embedding", 0};
  static NameTable names(Dialect dialect);
  static bool recognises(const ShapeReader& shape);
  static SiglipVitConfig infer(ShapeReader& shape, const TowerStatement& stated, const TowerStatement& assumed);
  static std::optional<Activation> activation_by_naming(Dialect dialect, const SiglipVitConfig& c);
  static Index embed_dim(ShapeReader& shape);
  static double count_values(const SiglipVitConfig& c, Index embed_dim);

  static TowerStatement state(const SiglipVitConfig& c) { return state_transformer(c); }
  static void apply(SiglipVitConfig& c, const TowerStatement& stated) { apply_to_transformer(c, stated); }
  static std::string in_words(const SiglipVitConfig& c);
  static constexpr double count_flops(const SiglipVitConfig& c, Index) {
    return flops_of_product(c.tokens(), c.patch_values(), c.width) +
           static_cast<double>(c.layers) * flops_of_block(c.block(), c.tokens()) +
           flops_of_product(c.tokens(), c.width, 2 * c.width) + 2 * flops_of_product(1, c.width, c.tokens()) +
           flops_of_product(1, c.width, 2 * c.width) + 2 * flops_of_product(1, c.width, c.hidden());
  }

  static constexpr bool activation_by_implementation = true;
  using Published = NamedVariant<SiglipClipConfig>;
  static constexpr std::array<Published, 26> published{{
      {"siglip/ViT-B-16", "clip::siglip::ViT_B_16", siglip::ViT_B_16},
      {"siglip/ViT-B-16-256", "clip::siglip::ViT_B_16_256", siglip::ViT_B_16_256},
      {"siglip/ViT-B-16-384", "clip::siglip::ViT_B_16_384", siglip::ViT_B_16_384},
      {"siglip/ViT-B-16-512", "clip::siglip::ViT_B_16_512", siglip::ViT_B_16_512},
      {"siglip/ViT-B-16-i18n-256", "clip::siglip::ViT_B_16_i18n_256", siglip::ViT_B_16_i18n_256},
      {"siglip/ViT-L-16-256", "clip::siglip::ViT_L_16_256", siglip::ViT_L_16_256},
      {"siglip/ViT-L-16-384", "clip::siglip::ViT_L_16_384", siglip::ViT_L_16_384},
      {"siglip/ViT-SO400M-14", "clip::siglip::ViT_SO400M_14", siglip::ViT_SO400M_14},
      {"siglip/ViT-SO400M-14-378", "clip::siglip::ViT_SO400M_14_378", siglip::ViT_SO400M_14_378},
      {"siglip/ViT-SO400M-14-384", "clip::siglip::ViT_SO400M_14_384", siglip::ViT_SO400M_14_384},
      {"siglip/ViT-SO400M-16-i18n-256", "clip::siglip::ViT_SO400M_16_i18n_256", siglip::ViT_SO400M_16_i18n_256},
      {"siglip2/ViT-B-32-256", "clip::siglip2::ViT_B_32_256", siglip2::ViT_B_32_256},
      {"siglip2/ViT-B-16", "clip::siglip2::ViT_B_16", siglip2::ViT_B_16},
      {"siglip2/ViT-B-16-256", "clip::siglip2::ViT_B_16_256", siglip2::ViT_B_16_256},
      {"siglip2/ViT-B-16-384", "clip::siglip2::ViT_B_16_384", siglip2::ViT_B_16_384},
      {"siglip2/ViT-B-16-512", "clip::siglip2::ViT_B_16_512", siglip2::ViT_B_16_512},
      {"siglip2/ViT-L-16-256", "clip::siglip2::ViT_L_16_256", siglip2::ViT_L_16_256},
      {"siglip2/ViT-L-16-384", "clip::siglip2::ViT_L_16_384", siglip2::ViT_L_16_384},
      {"siglip2/ViT-L-16-512", "clip::siglip2::ViT_L_16_512", siglip2::ViT_L_16_512},
      {"siglip2/ViT-SO400M-14", "clip::siglip2::ViT_SO400M_14", siglip2::ViT_SO400M_14},
      {"siglip2/ViT-SO400M-14-378", "clip::siglip2::ViT_SO400M_14_378", siglip2::ViT_SO400M_14_378},
      {"siglip2/ViT-SO400M-16-256", "clip::siglip2::ViT_SO400M_16_256", siglip2::ViT_SO400M_16_256},
      {"siglip2/ViT-SO400M-16-384", "clip::siglip2::ViT_SO400M_16_384", siglip2::ViT_SO400M_16_384},
      {"siglip2/ViT-SO400M-16-512", "clip::siglip2::ViT_SO400M_16_512", siglip2::ViT_SO400M_16_512},
      {"siglip2/ViT-gopt-16-256", "clip::siglip2::ViT_gopt_16_256", siglip2::ViT_gopt_16_256},
      {"siglip2/ViT-gopt-16-384", "clip::siglip2::ViT_gopt_16_384", siglip2::ViT_gopt_16_384},
  }};

 private:
  static constexpr SiglipVitConfig empty() {
    return {.image_size = 1,
            .patch_size = 1,
            .width = 1,
            .layers = 1,
            .heads = 1,
            .activation = Activation::gelu_tanh,
            .epsilon = 1e-6f};
  }
};

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/tower/siglip_vit/description.inl.hpp>
#endif

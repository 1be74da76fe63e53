// clip/tower/conv_vit/description.hpp: MobileCLIP's vision transformer in files: JSON, names, inference from shapes.
#pragma once

#include <clip/tower/conv_vit/apple.hpp>
#include <clip/tower/conv_vit/jettclip.hpp>
#include <clip/tower/counting.hpp>
#include <clip/tower/description.hpp>

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI {

template <>
struct Description<ConvVitConfig> : DescriptionDefaults {
  static constexpr std::string_view kind = "conv_vit";
  static constexpr std::string_view words = "a vision transformer with a convolutional stem";

  static bool recognises(const JsonReader& image);
  static ConvVitConfig read(JsonReader& image);
  static JsonTree write(const ConvVitConfig& c);

  // timm's name of the architecture determines everything but the image size.
  static constexpr bool in_own_openclip_keys = true;
  static bool recognises_openclip(const JsonReader& image);
  static ConvVitConfig read_openclip(JsonReader& image, Activation);
  static Result<JsonTree> try_write_openclip(const ConvVitConfig& c, const std::string& place);

  static bool recognises_apple(const JsonReader& image);
  static ConvVitConfig read_apple(JsonReader& image);
  static Result<JsonTree> try_write_apple(const ConvVitConfig& c, const std::string& place);

  static Result<JsonTree> try_write_huggingface(const ConvVitConfig&, Index, const std::string& place);

  static NameTable names(Dialect dialect);
  static bool recognises(const ShapeReader& shape);
  static Index embed_dim(ShapeReader& shape);
  static ConvVitConfig infer(ShapeReader& shape, const TowerStatement& stated, const TowerStatement& assumed);
  static std::optional<Activation> activation_by_naming(Dialect dialect, const ConvVitConfig& c);
  static double count_values(const ConvVitConfig& c, Index embed_dim);

  static TowerStatement state(const ConvVitConfig& c);
  static void apply(ConvVitConfig& c, const TowerStatement& stated) { apply_to_transformer(c, stated); }
  static void as_published(ConvVitConfig& c);
  static std::string in_words(const ConvVitConfig& c);
  static constexpr double count_flops(const ConvVitConfig& c, Index embed_dim) {
    const Index patches = c.positions(), stem = c.stem_width();
    return flops_of_product(16 * patches, 16 * c.channels, stem) + flops_of_product(4 * patches, 4 * stem, stem) +
           flops_of_product(patches, 4 * stem, c.width) +
           static_cast<double>(c.layers) * flops_of_block(c.block(), c.tokens()) +
           flops_of_product(1, c.width, embed_dim);
  }

  using Published = NamedVariant<ConvVitClipConfig>;
  static constexpr std::array<Published, 4> published{{
      {"mobileclip/B", "clip::mobileclip::B", mobileclip::B},
      {"mobileclip/B-LT", "clip::mobileclip::B_LT", mobileclip::B_LT},
      {"mobileclip2/B", "clip::mobileclip2::B", mobileclip2::B},
      {"jettclip/B", "clip::jettclip::B", jettclip::B},
  }};
};

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/tower/conv_vit/description.inl.hpp>
#endif

// clip/tower/siglip_text/description.hpp: SigLIP's text transformer in files: JSON, names, inference from shapes.
#pragma once

#include <clip/tower/counting.hpp>
#include <clip/tower/description.hpp>
#include <clip/tower/siglip_text/text_transformer.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI {

template <>
struct Description<SiglipTextConfig> : DescriptionDefaults {
  static constexpr std::string_view kind = "siglip_text";
  static constexpr std::string_view words = "a text transformer of SigLIP";

  static bool recognises(const JsonReader& text);
  static SiglipTextConfig read(JsonReader& text);
  static JsonTree write(const SiglipTextConfig& c);

  static constexpr bool in_own_openclip_keys = true;
  static bool recognises_openclip(const JsonReader& text);
  static SiglipTextConfig read_openclip(JsonReader& text, Activation activation);
  static Result<JsonTree> try_write_openclip(const SiglipTextConfig& c, const std::string& place);

  static constexpr HuggingfaceClass huggingface{"Siglip", "siglip"};
  static Result<JsonTree> try_write_huggingface(const SiglipTextConfig& c, Index embed_dim, const std::string& place);

  static NameTable names(Dialect dialect);
  static bool recognises(const ShapeReader& shape);
  static Index embed_dim(ShapeReader& shape);
  static SiglipTextConfig infer(ShapeReader& shape, const TowerStatement& stated, const TowerStatement& assumed);
  static std::optional<Activation> activation_by_naming(Dialect dialect, const SiglipTextConfig& c);
  static double count_values(const SiglipTextConfig& c, Index embed_dim);

  static TowerStatement state(const SiglipTextConfig& c) {
    TowerStatement stated = state_transformer(c);
    stated.pad = c.pad;
    return stated;
  }
  static void apply(SiglipTextConfig& c, const TowerStatement& stated) { apply_to_transformer(c, stated); }
  static std::string in_words(const SiglipTextConfig& c);
  static constexpr double count_flops(const SiglipTextConfig& c, Index embed_dim) {
    return static_cast<double>(c.layers) * flops_of_block(c.block(), c.context) +
           (c.projection ? flops_of_product(1, c.width, embed_dim) : 0);
  }

  static constexpr bool activation_by_implementation = true;

  /// The id that fills rows, by the vocabulary: 0 with Gemma's 256,000 pieces (SigLIP 2), otherwise 1.
  static constexpr Index pad_of(Index vocabulary) { return vocabulary == 256000 ? 0 : 1; }

 private:
  static constexpr SiglipTextConfig empty() {
    return {.context = 2,
            .vocabulary = 2,
            .width = 1,
            .layers = 1,
            .heads = 1,
            .activation = Activation::gelu_tanh,
            .epsilon = 1e-6f};
  }
};

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/tower/siglip_text/description.inl.hpp>
#endif

// clip/tower/clip_text/description.hpp: OpenAI's text transformer in files: JSON, tensor names, inference from shapes.
#pragma once

#include <clip/tower/clip_text/perception.hpp>
#include <clip/tower/clip_text/text_transformer.hpp>
#include <clip/tower/counting.hpp>
#include <clip/tower/description.hpp>

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI {

template <>
struct Description<TextConfig> : DescriptionDefaults {
  static constexpr std::string_view kind = "text";
  static constexpr std::string_view words = "a causal text transformer";

  static bool recognises(const JsonReader& text);
  static TextConfig read(JsonReader& text);
  static JsonTree write(const TextConfig& c);

  static bool recognises_openclip(const JsonReader& text);
  static TextConfig read_openclip(JsonReader& text, Activation activation);
  static Result<JsonTree> try_write_openclip(const TextConfig& c, const std::string&);

  static bool recognises_apple(const JsonReader& text);
  static TextConfig read_apple(JsonReader& text);
  static Result<JsonTree> try_write_apple(const TextConfig& c, const std::string& place);

  static Result<JsonTree> try_write_huggingface(const TextConfig& c, Index embed_dim, const std::string&);
  /// Meta CLIP 2's class, whose texts end with an id of their own.
  static constexpr HuggingfaceClass huggingface_of(const TextConfig& c) {
    return c.end >= 0 ? HuggingfaceClass{"MetaClip2", "metaclip_2", huggingface.name, huggingface.name} : huggingface;
  }

  static NameTable names(Dialect dialect);
  static bool recognises(const ShapeReader& shape);
  static constexpr std::string_view projection = "text_projection";
  static Index embed_dim(ShapeReader& shape);
  static TextConfig infer(ShapeReader& shape, const TowerStatement& stated, const TowerStatement& assumed);
  static double count_values(const TextConfig& c, Index embed_dim);
  /// Apple's text encoders, TinyCLIP's and the Perception Encoder's have the GELU by erf, and none has another.
  static std::optional<Activation> activation_by_naming(Dialect dialect, const TextConfig& c) {
    return is_closed(dialect) || (dialect == Dialect::openclip && is_perceptions(c)) ? std::optional{Activation::gelu}
                                                                                     : std::nullopt;
  }

  static TowerStatement state(const TextConfig& c) {
    TowerStatement stated = state_prunable(c);
    stated.causal = c.causal;
    stated.end = c.end;
    stated.pad = c.pad;
    stated.last_pooled = c.last_pooled;
    stated.two_tables = c.two_tables;
    return stated;
  }
  static void apply(TextConfig& c, const TowerStatement& stated) {
    apply_to_transformer(c, stated);
    c.two_tables = stated.two_tables.value_or(c.two_tables);
  }
  /// The published model of 248 positions has two tables, also where a dialect has their fold.
  static void as_published(TextConfig& c) { c.two_tables = c.two_tables || may_be_fold(c); }
  static void as_stored(TextConfig& c, Dialect dialect) { c.two_tables = c.two_tables && dialect == Dialect::openai; }
  static std::string_view remark(const TextConfig& c);
  static std::string in_words(const TextConfig& c);
  static constexpr double count_flops(const TextConfig& c, Index embed_dim) {
    return sum_over_blocks(c, [&](const BlockConfig& b) { return flops_of_block(b, c.context); }) +
           flops_of_product(1, c.width, embed_dim);
  }

 private:
  /// Whether the sizes are those of the Perception Encoder's text towers, which have 32 or 72 positions.
  static constexpr bool is_perceptions(const TextConfig& c) {
    return c.causal && c.vocabulary == 49408 && (c.context == 32 || c.context == 72);
  }
  /// Whether the table of positions may be the fold of Long-CLIP's two.
  static constexpr bool may_be_fold(const TextConfig& c) { return !c.two_tables && c.causal && c.context == 248; }
  static constexpr TextConfig empty() {
    return {.context = 0,
            .vocabulary = 0,
            .width = 0,
            .layers = 0,
            .heads = 0,
            .activation = Activation::quick_gelu,
            .epsilon = 0.0f};
  }
};

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/tower/clip_text/description.inl.hpp>
#endif

// clip/tower/cbow_text/description.inl.hpp: definitions of clip/tower/cbow_text/description.hpp.
#pragma once

#include <clip/config/bounds.hpp>
#include <clip/io/json.hpp>
#include <clip/io/json_reader.hpp>
#include <clip/names/shape_reader.hpp>
#include <clip/tower/cbow_text/description.hpp>

#include <array>
#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI {

namespace detail {
inline constexpr std::array<std::string_view, 2> cbow_text_names{"token_embedding.weight", "text_projection"};
}

CLIP_HOST bool Description<CbowTextConfig>::recognises(const JsonReader& text) { return text.says("kind", kind); }

CLIP_HOST CbowTextConfig Description<CbowTextConfig>::read(JsonReader& text) {
  return {.context = text.extent("context", largest_extent, 2),
          .vocabulary = text.extent("vocabulary", largest_extent, CbowTextConfig::first_word + 1),
          .width = text.extent("width", largest_extent)};
}

CLIP_HOST JsonTree Description<CbowTextConfig>::write(const CbowTextConfig& c) {
  return json_object("kind", std::string(kind), "context", c.context, "vocabulary", c.vocabulary, "width", c.width);
}

CLIP_HOST Result<JsonTree> Description<CbowTextConfig>::try_write_openclip(const CbowTextConfig&,
                                                                           const std::string& place) {
  return OptionError{place, "dialect for a text tower that averages words", "openai",
                     "openclip: its descriptions have no such tower"};
}

CLIP_HOST Result<JsonTree> Description<CbowTextConfig>::try_write_huggingface(const CbowTextConfig&, Index,
                                                                              const std::string& place) {
  return OptionError{place, "dialect for a text tower that averages words", "openai",
                     "huggingface: transformers has no such CLIP"};
}

CLIP_HOST NameTable Description<CbowTextConfig>::names(Dialect dialect) {
  return {.dialect = dialect, .own = detail::cbow_text_names};
}

/// OpenAI's text towers have these two weights, too.
CLIP_HOST bool Description<CbowTextConfig>::recognises(const ShapeReader& shape) {
  return shape.has("token_embedding.weight") && shape.has("text_projection") && !shape.has("positional_embedding") &&
         !shape.has("ln_final.weight") && !shape.has("transformer.resblocks.0.ln_2.weight");
}

CLIP_HOST Index Description<CbowTextConfig>::embed_dim(ShapeReader& shape) { return shape("text_projection", 2, 1); }

CLIP_HOST CbowTextConfig Description<CbowTextConfig>::infer(ShapeReader& shape, const TowerStatement& stated,
                                                            const TowerStatement&) {
  return {.context = stated.context.value_or(77),
          .vocabulary = shape("token_embedding.weight", 2, 0),
          .width = shape("token_embedding.weight", 2, 1)};
}

CLIP_HOST double Description<CbowTextConfig>::count_values(const CbowTextConfig& c, Index embed_dim) {
  return static_cast<double>(c.width) * static_cast<double>(c.vocabulary + embed_dim);
}

CLIP_HOST std::string Description<CbowTextConfig>::in_words(const CbowTextConfig& c) {
  return "context " + std::to_string(c.context) + ", vocabulary " + std::to_string(c.vocabulary) + ", width " +
         std::to_string(c.width) + ", averaged words";
}

}  // namespace clip::inline CLIP_ABI

// clip/tower/cbow_text/description.hpp: a continuous bag of words in files: JSON, names, inference from shapes.
#pragma once

#include <clip/tower/cbow_text/cbow_text.hpp>
#include <clip/tower/counting.hpp>
#include <clip/tower/description.hpp>

#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI {

template <>
struct Description<CbowTextConfig> : DescriptionDefaults {
  static constexpr std::string_view kind = "cbow_text";
  static constexpr std::string_view words = "a text tower that averages words";

  static bool recognises(const JsonReader& text);
  static CbowTextConfig read(JsonReader& text);
  static JsonTree write(const CbowTextConfig& c);

  static Result<JsonTree> try_write_openclip(const CbowTextConfig&, const std::string& place);
  static Result<JsonTree> try_write_huggingface(const CbowTextConfig&, Index, const std::string& place);

  static NameTable names(Dialect dialect);
  static bool recognises(const ShapeReader& shape);
  static Index embed_dim(ShapeReader& shape);
  static CbowTextConfig infer(ShapeReader& shape, const TowerStatement& stated, const TowerStatement&);
  static double count_values(const CbowTextConfig& c, Index embed_dim);

  /// Shapes determine all but the most ids of a text; not stated: 77.
  static TowerStatement state(const CbowTextConfig& c) {
    TowerStatement stated;
    stated.context = c.context;
    return stated;
  }
  static std::string in_words(const CbowTextConfig& c);
  static constexpr double count_flops(const CbowTextConfig& c, Index embed_dim) {
    return static_cast<double>(c.context * c.width) + flops_of_product(1, c.width, embed_dim);
  }
};

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/tower/cbow_text/description.inl.hpp>
#endif

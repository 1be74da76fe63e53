// clip/tower/mct_text/description.inl.hpp: definitions of clip/tower/mct_text/description.hpp.
#pragma once

#include <clip/config/bounds.hpp>
#include <clip/io/json.hpp>
#include <clip/io/json_reader.hpp>
#include <clip/names/shape_reader.hpp>
#include <clip/tower/clip_text/description.hpp>
#include <clip/tower/json_fields.hpp>
#include <clip/tower/mct_text/apple_names.hpp>
#include <clip/tower/mct_text/description.hpp>

#include <array>
#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI {

namespace detail {

/// Only this tower's first block mixes tokens.
inline constexpr std::array<std::string_view, 1> mct_text_only_names{"transformer.resblocks.0.token_mixer."};

inline std::string mct_text_block(Index i) { return "transformer.resblocks." + std::to_string(i) + "."; }

CLIP_HOST MctTextConfig MctTextDescription::read(JsonReader& text) {
  MctTextConfig c{.context = text.extent("context", largest_extent, 2),
                  .vocabulary = text.extent("vocabulary", largest_extent, 2),
                  .width = text.extent("width", largest_extent),
                  .layers = text.extent("layers", most_layers),
                  .heads = text.extent("heads", largest_extent)};
  if (text.may_have("mlp_width")) c.mlp_width = text.extent("mlp_width", largest_extent);
  return c;
}

CLIP_HOST JsonTree MctTextDescription::write(const MctTextConfig& c, std::string_view kind) {
  JsonTree text = json_object("kind", std::string(kind), "context", c.context, "vocabulary", c.vocabulary, "width",
                              c.width, "layers", c.layers, "heads", c.heads);
  if (c.mlp_width != 0) text["mlp_width"] = c.mlp_width;
  return text;
}

CLIP_HOST NameTable MctTextDescription::names(Dialect dialect) {
  if (!has_folders(dialect)) return {.dialect = dialect};
  if (dialect == Dialect::apple) return {.dialect = dialect, .prefix = "text_encoder.", .rules = mct_text_apple_names};
  return {.dialect = dialect,
          .refused = mct_text_only_names,
          .tower = "a hybrid text tower of MobileCLIP",
          .instead = "openai or apple"};
}

CLIP_HOST bool MctTextDescription::recognises(const ShapeReader& shape, bool fused) {
  return shape.has(mct_text_block(0) +
                   (fused ? "token_mixer.reparam_conv.weight" : "token_mixer.mixer.conv_kxk.0.conv.weight"));
}

CLIP_HOST Index MctTextDescription::embed_dim(ShapeReader& shape) { return shape("text_projection", 2, 1); }

CLIP_HOST MctTextConfig MctTextDescription::infer(ShapeReader& shape, const TowerStatement& stated,
                                                  const TowerStatement& assumed) {
  MctTextConfig c{.context = shape("positional_embedding", 2, 0),
                  .vocabulary = shape("token_embedding.weight", 2, 0),
                  .width = shape("token_embedding.weight", 2, 1),
                  .layers = 0,
                  .heads = 1};  // after a problem with shapes, heads are not another one
  const auto has_block = [&](Index i) { return shape.has(mct_text_block(i) + "attn.in_proj_weight"); };
  while (c.layers < most_layers && has_block(c.layers + 1)) ++c.layers;
  if (c.layers == 0) c.layers = shape(mct_text_block(1) + "attn.in_proj_weight", 2, 0);
  const Index hidden = shape(mct_text_block(1) + "mlp.c_fc.weight", 2, 0);
  for (const Index i : {Index{0}, c.layers + 1})
    if (const Index found = shape(mct_text_block(i) + "mlp.fc1.weight", 4, 0); found != c.mixer_block().mlp_width)
      shape.problem(mct_text_block(i) + "mlp.fc1.weight has " + std::to_string(found) + " rows, expected " +
                    std::to_string(c.mixer_block().mlp_width) + ", four times the width");
  shape("text_projection", 2, 1);
  if (!shape.problems().empty()) return c;
  c.mlp_width = hidden == 4 * c.width ? 0 : hidden;
  c.heads = infer_heads(c.width, stated.heads, assumed.heads);
  return c;
}

CLIP_HOST double MctTextDescription::count_values(const MctTextConfig& c, Index embed_dim) {
  const double w = static_cast<double>(c.width);
  return static_cast<double>(c.vocabulary + c.context) * w + 2 * w + values_of_blocks(c.layers, c.width, c.hidden()) +
         16 * w * w + w * static_cast<double>(embed_dim);
}

CLIP_HOST std::string MctTextDescription::in_words(const MctTextConfig& c) {
  return "a hybrid text tower of MobileCLIP: context " + std::to_string(c.context) + ", vocabulary " +
         std::to_string(c.vocabulary) + ", width " + std::to_string(c.width) + ", layers " + std::to_string(c.layers) +
         " between two RepMixer blocks, heads " + std::to_string(c.heads);
}

CLIP_HOST Error MctTextDescription::only_apple(const std::string& place, std::string_view dialect,
                                               std::string_view owner) {
  return OptionError{place, "dialect for a hybrid text tower of MobileCLIP", "openai or apple",
                     std::string(dialect) + ": " + std::string(owner) + " has no such CLIP"};
}

}  // namespace detail

CLIP_HOST bool Description<MctTextConfig>::recognises(const JsonReader& text) { return text.says("kind", kind); }
CLIP_HOST JsonTree Description<MctTextConfig>::write(const MctTextConfig& c) { return Shared::write(c, kind); }

CLIP_HOST bool Description<MctTextConfig>::recognises_apple(const JsonReader& text) {
  return text.says("model_name", "mct");
}

/// The fields of Apple's other text encoder. Its n_transformer_layers, too, does not count the RepMixer blocks.
CLIP_HOST MctTextConfig Description<MctTextConfig>::read_apple(JsonReader& text) {
  const TextConfig base = Description<TextConfig>::read_apple(text);
  if (base.causal) text.problem("causal_masking", "expected false, as the RepMixer blocks of mct look ahead");
  return {.context = base.context,
          .vocabulary = base.vocabulary,
          .width = base.width,
          .layers = base.layers,
          .heads = base.heads,
          .mlp_width = base.mlp_width};
}

CLIP_HOST Result<JsonTree> Description<MctTextConfig>::try_write_apple(const MctTextConfig& c,
                                                                       const std::string& place) {
  auto text = Description<TextConfig>::try_write_apple({.context = c.context,
                                                        .vocabulary = c.vocabulary,
                                                        .width = c.width,
                                                        .layers = c.layers,
                                                        .heads = c.heads,
                                                        .activation = c.activation,
                                                        .epsilon = c.epsilon,
                                                        .mlp_width = c.mlp_width,
                                                        .causal = false},
                                                       place);
  if (text) (*text)["model_name"] = "mct";
  return text;
}

CLIP_HOST Result<JsonTree> Description<MctTextConfig>::try_write_openclip(const MctTextConfig&,
                                                                          const std::string& place) {
  return Shared::only_apple(place, "openclip", "OpenCLIP");
}
CLIP_HOST Result<JsonTree> Description<MctTextConfig>::try_write_huggingface(const MctTextConfig&, Index,
                                                                             const std::string& place) {
  return Shared::only_apple(place, "huggingface", "transformers");
}

CLIP_HOST bool Description<FusedMctTextConfig>::recognises(const JsonReader& text) { return text.says("kind", kind); }
CLIP_HOST JsonTree Description<FusedMctTextConfig>::write(const FusedMctTextConfig& c) {
  return Shared::write(mct_text_config<false>(c), kind);
}
CLIP_HOST Result<JsonTree> Description<FusedMctTextConfig>::try_write_openclip(const FusedMctTextConfig&,
                                                                               const std::string& place) {
  return Shared::only_apple(place, "openclip", "OpenCLIP");
}
CLIP_HOST Result<JsonTree> Description<FusedMctTextConfig>::try_write_huggingface(const FusedMctTextConfig&, Index,
                                                                                  const std::string& place) {
  return Shared::only_apple(place, "huggingface", "transformers");
}

}  // namespace clip::inline CLIP_ABI

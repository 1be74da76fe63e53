// clip/tower/siglip_text/description.inl.hpp: definitions of clip/tower/siglip_text/description.hpp.
#pragma once

#include <clip/config/bounds.hpp>
#include <clip/io/json.hpp>
#include <clip/io/json_reader.hpp>
#include <clip/names/shape_reader.hpp>
#include <clip/tower/json_fields.hpp>
#include <clip/tower/siglip_text/description.hpp>
#include <clip/tower/transformer_names.hpp>

#include <array>
#include <string>

namespace clip::inline CLIP_ABI {

namespace detail {

/// Our names and those of transformers' SiglipModel.
inline constexpr auto siglip_text_huggingface_names =
    joined(text_huggingface_names, std::array<NameRule, 1>{{{"text_projection.*", "text_model.head.*"}}});

/// Our names and those of OpenCLIP's CustomTextCLIP.
inline constexpr auto siglip_text_openclip_names =
    joined(text_apart_names, std::array<NameRule, 1>{{{"text_projection.*", "text.text_projection.*"}}});

/// Our names and those of big_vision, with dots and in PyTorch's layouts (formats/flax.hpp).
inline constexpr std::array<NameRule, 11> siglip_text_big_vision_names{{
    {"token_embedding.weight", "txt.Embed_0.embedding"},
    {"positional_embedding", "txt.pos_embedding", false, 1},
    {"ln_final.*", "txt.Encoder_0.encoder_norm.*"},
    {"transformer.resblocks.#.ln_1.*", "txt.Encoder_0.encoderblock_#.LayerNorm_0.*"},
    {"transformer.resblocks.#.ln_2.*", "txt.Encoder_0.encoderblock_#.LayerNorm_1.*"},
    {"transformer.resblocks.#.attn.in_proj_weight",
     "txt.Encoder_0.encoderblock_#.MultiHeadDotProductAttention_0.$.weight"},
    {"transformer.resblocks.#.attn.in_proj_bias", "txt.Encoder_0.encoderblock_#.MultiHeadDotProductAttention_0.$.bias"},
    {"transformer.resblocks.#.attn.out_proj.*", "txt.Encoder_0.encoderblock_#.MultiHeadDotProductAttention_0.out.*"},
    {"transformer.resblocks.#.mlp.c_fc.*", "txt.Encoder_0.encoderblock_#.MlpBlock_0.Dense_0.*"},
    {"transformer.resblocks.#.mlp.c_proj.*", "txt.Encoder_0.encoderblock_#.MlpBlock_0.Dense_1.*"},
    {"text_projection.*", "txt.head.*"},
}};

/// A projection with a bias, or the image tower that goes with this text tower, which may have no projection.
inline constexpr std::array<NameRule, 2> siglip_text_openclip_signs{
    {{"text_projection.bias", "text.text_projection.bias"},
     {"visual.attn_pool.probe", "visual.trunk.attn_pool.latent"}}};

/// The activation of OpenCLIP's text towers, by the vocabulary: GELU by erf in SigLIP's, by tanh in SigLIP 2's.
inline std::optional<Activation> openclip_siglip_text_activation(Index vocabulary) {
  if (vocabulary == 256000) return Activation::gelu_tanh;
  return vocabulary == 32000 || vocabulary == 250000 ? std::optional{Activation::gelu} : std::nullopt;
}

}  // namespace detail

CLIP_HOST SiglipTextConfig Description<SiglipTextConfig>::read(JsonReader& text) {
  SiglipTextConfig c = empty();
  c.context = text.extent("context", largest_extent, 2);
  c.vocabulary = text.extent("vocabulary", largest_extent, 2);
  c = read_transformer(text, c);
  c.pad = text.may_have("pad") ? text.extent("pad", largest_extent, 0) : pad_of(c.vocabulary);
  if (text.may_have("projection")) c.projection = text.flag("projection");
  return c;
}

CLIP_HOST JsonTree Description<SiglipTextConfig>::write(const SiglipTextConfig& c) {
  JsonTree text = transformer_to_json(c);
  text["kind"] = std::string(kind);
  text["context"] = c.context;
  text["vocabulary"] = c.vocabulary;
  text["pad"] = c.pad;
  if (!c.projection) text["projection"] = false;
  return text;
}

CLIP_HOST bool Description<SiglipTextConfig>::recognises(const JsonReader& text) { return text.says("kind", kind); }

CLIP_HOST bool Description<SiglipTextConfig>::recognises(const ShapeReader& shape) {
  return shape.has("token_embedding.weight") &&
         (shape.has("text_projection.weight") ||
          (shape.has("visual.attn_pool.probe") && !shape.has("text_projection")));
}

CLIP_HOST bool Description<SiglipTextConfig>::recognises_openclip(const JsonReader& text) {
  return text.says("pool_type", "last");
}

CLIP_HOST SiglipTextConfig Description<SiglipTextConfig>::read_openclip(JsonReader& text, Activation activation) {
  SiglipTextConfig c = empty();
  c.context = text.may_have("context_length") ? text.extent("context_length", largest_extent, 2) : 77;
  c.vocabulary = text.may_have("vocab_size") ? text.extent("vocab_size", largest_extent, 2) : 49408;
  c.width = text.extent("width", largest_extent);
  c.layers = text.extent("layers", most_layers);
  c.heads = text.extent("heads", largest_extent);
  c.mlp_width = read_mlp_ratio(text, c.width);
  c.activation = activation;
  c.epsilon = 1e-5f;
  c.pad = text.may_have("pad_id") ? text.extent("pad_id", largest_extent, 0) : pad_of(c.vocabulary);
  for (const char* const key : {"hf_tokenizer_name", "tokenizer_kwargs"}) static_cast<void>(text.may_have(key));
  if (!text.flag("no_causal_mask")) text.problem("no_causal_mask", "expected true");
  c.projection = text.may_have("proj_bias") && text.flag("proj_bias");
  if (text.may_have("proj_type") && !text.says("proj_type", c.projection ? "linear" : "none"))
    text.problem("proj_type", "expected linear with proj_bias, or none");
  else if (!c.projection && !text.has("proj_type")) text.problem("proj_bias", "expected true, or a proj_type of none");
  if (text.may_have("norm_kwargs")) {
    JsonReader norm = text.object("norm_kwargs");
    if (norm.may_have("eps")) c.epsilon = static_cast<float>(norm.number("eps"));
  }
  if (text.may_have("act_kwargs")) {
    JsonReader act = text.object("act_kwargs");
    if (act.says("approximate", "tanh")) c.activation = Activation::gelu_tanh;
    else if (!act.says("approximate", "none")) act.problem("approximate", "expected tanh or none");
  }
  return c;
}

CLIP_HOST Result<JsonTree> Description<SiglipTextConfig>::try_write_openclip(const SiglipTextConfig& c,
                                                                             const std::string& place) {
  if (c.activation.value == Activation::quick_gelu)
    return OptionError{place, "activation of a SigLIP in OpenCLIP's description", "gelu or gelu_tanh", "quick_gelu"};
  JsonTree text = json_object("context_length", c.context, "vocab_size", c.vocabulary, "width", c.width, "heads",
                              c.heads, "layers", c.layers, "no_causal_mask", true, "pool_type", "last", "norm_kwargs",
                              json_object("eps", as_written(c.epsilon.value)));
  if (c.hidden() != 4 * c.width) text["mlp_ratio"] = mlp_ratio(c.width, c.hidden());
  if (c.projection) text["proj_bias"] = true;
  else text["proj_type"] = "none";
  if (c.pad != pad_of(c.vocabulary)) text["pad_id"] = c.pad;
  if (c.activation.value == Activation::gelu_tanh) text["act_kwargs"] = json_object("approximate", "tanh");
  const char* const tokenizer = c.vocabulary == 32000    ? "timm/ViT-B-16-SigLIP"
                                : c.vocabulary == 250000 ? "timm/ViT-B-16-SigLIP-i18n-256"
                                : c.vocabulary == 256000 ? "timm/ViT-B-16-SigLIP2"
                                                         : nullptr;
  if (tokenizer != nullptr)
    text.put("hf_tokenizer_name", tokenizer, "tokenizer_kwargs", json_object("clean", "canonicalize"));
  return text;
}

CLIP_HOST Result<JsonTree> Description<SiglipTextConfig>::try_write_huggingface(const SiglipTextConfig& c,
                                                                                Index embed_dim,
                                                                                const std::string& place) {
  if (!c.projection)
    return OptionError{place, "text tower of transformers' SiglipModel", "one with a projection", "one without"};
  JsonTree text = huggingface_transformer(c);
  text.put("model_type", "siglip_text_model", "max_position_embeddings", c.context,  //
           "vocab_size", c.vocabulary,                                               //
           "projection_size", embed_dim,                                             //
           "bos_token_id", nullptr,                                                  // texts have none
           "eos_token_id", c.row().end, "pad_token_id", c.pad);
  return text;
}

CLIP_HOST NameTable Description<SiglipTextConfig>::names(Dialect dialect) {
  if (dialect == Dialect::big_vision)
    return {.dialect = dialect, .prefix = "txt.Encoder_0.encoderblock_", .rules = detail::siglip_text_big_vision_names};
  if (dialect == Dialect::openai || is_closed(dialect)) return {.dialect = dialect};
  if (dialect == Dialect::openclip)
    return {.dialect = dialect,
            .prefix = "text.",
            .rules = detail::siglip_text_openclip_names,
            .signs = detail::siglip_text_openclip_signs};
  return {.dialect = dialect,
          .prefix = "text_model.",
          .rules = detail::siglip_text_huggingface_names,
          .dropped = "text_model.embeddings.position_ids"};
}

CLIP_HOST Index Description<SiglipTextConfig>::embed_dim(ShapeReader& shape) {
  return shape.has("text_projection.weight") ? shape("text_projection.weight", 2, 0)
                                             : shape("token_embedding.weight", 2, 1);
}

CLIP_HOST SiglipTextConfig Description<SiglipTextConfig>::infer(ShapeReader& shape, const TowerStatement& stated,
                                                                const TowerStatement& assumed) {
  SiglipTextConfig c = empty();
  c.context = shape("positional_embedding", 2, 0);
  c.vocabulary = shape("token_embedding.weight", 2, 0);
  c.width = shape("token_embedding.weight", 2, 1);
  c.layers = shape.count_blocks("transformer.resblocks.", "attn.in_proj_weight");
  c.projection = shape.has("text_projection.weight");
  const Index hidden = shape("transformer.resblocks.0.mlp.c_fc.weight", 2, 0);
  if (!shape.problems().empty()) return c;
  c.mlp_width = hidden == 4 * c.width ? 0 : hidden;
  c.heads = infer_heads(c.width, stated.heads, assumed.heads == 0 && c.width == 1152 ? 16 : assumed.heads);
  c.activation = stated.activation.value_or(assumed.activation.value_or(Activation::gelu_tanh));
  c.epsilon = stated.epsilon.value_or(c.epsilon);
  c.pad = stated.pad.value_or(pad_of(c.vocabulary));
  return c;
}

CLIP_HOST std::optional<Activation> Description<SiglipTextConfig>::activation_by_naming(Dialect dialect,
                                                                                        const SiglipTextConfig& c) {
  if (dialect == Dialect::huggingface || dialect == Dialect::big_vision) return Activation::gelu_tanh;
  return dialect == Dialect::openclip ? detail::openclip_siglip_text_activation(c.vocabulary) : std::nullopt;
}

CLIP_HOST double Description<SiglipTextConfig>::count_values(const SiglipTextConfig& c, Index embed_dim) {
  const double w = static_cast<double>(c.width);
  return static_cast<double>(c.vocabulary + c.context) * w + 2 * w + values_of_blocks(c.layers, c.width, c.hidden()) +
         (c.projection ? (w + 1) * static_cast<double>(embed_dim) : 0) + 1;
}

CLIP_HOST std::string Description<SiglipTextConfig>::in_words(const SiglipTextConfig& c) {
  return "context " + std::to_string(c.context) + ", vocabulary " + std::to_string(c.vocabulary) + ", width " +
         std::to_string(c.width) + ", layers " + std::to_string(c.layers) + ", heads " + std::to_string(c.heads) +
         ", " + std::string(name_of(c.activation)) + ", padded with id " + std::to_string(c.pad) +
         (c.projection ? "" : ", without projection");
}

}  // namespace clip::inline CLIP_ABI

// clip/tower/clip_text/description.hpp: OpenAI's text transformer in files: JSON, tensor names, inference from shapes.
#pragma once

#include <clip/tower/clip_text/text_transformer.hpp>
#include <clip/tower/counting.hpp>
#include <clip/tower/description.hpp>
#include <clip/tower/json_fields.hpp>

#include <array>
#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI {

namespace detail {

/// OpenAI's names and those of transformers' CLIPModel.
inline constexpr std::array<NameRule, 11> text_huggingface_names{{
    {"token_embedding.weight", "text_model.embeddings.token_embedding.weight"},
    {"positional_embedding", "text_model.embeddings.position_embedding.weight"},
    {"ln_final.*", "text_model.final_layer_norm.*"},
    {"text_projection", "text_projection.weight", true},
    {"transformer.resblocks.#.ln_1.*", "text_model.encoder.layers.#.layer_norm1.*"},
    {"transformer.resblocks.#.ln_2.*", "text_model.encoder.layers.#.layer_norm2.*"},
    {"transformer.resblocks.#.attn.in_proj_weight", "text_model.encoder.layers.#.self_attn.@_proj.weight"},
    {"transformer.resblocks.#.attn.in_proj_bias", "text_model.encoder.layers.#.self_attn.@_proj.bias"},
    {"transformer.resblocks.#.attn.out_proj.*", "text_model.encoder.layers.#.self_attn.out_proj.*"},
    {"transformer.resblocks.#.mlp.c_fc.*", "text_model.encoder.layers.#.mlp.fc1.*"},
    {"transformer.resblocks.#.mlp.c_proj.*", "text_model.encoder.layers.#.mlp.fc2.*"},
}};

}  // namespace detail

template <>
struct Description<TextConfig> : DescriptionDefaults {
  static constexpr std::string_view kind = "text";
  static constexpr std::string_view words = "a causal text transformer";

  static bool recognises(const JsonReader& text) { return text.says("kind", kind) || !text.has("kind"); }
  static TextConfig read(JsonReader& text) {
    TextConfig c = empty();
    c.context = text.integer("context", 2);
    c.vocabulary = text.integer("vocabulary", 2);
    return read_transformer(text, c);
  }
  static Json write(const TextConfig& c) {
    Json text = transformer_to_json(c);
    text["context"] = c.context;
    text["vocabulary"] = c.vocabulary;
    return text;
  }

  static bool recognises_openclip(const JsonReader&) { return true; }
  static TextConfig read_openclip(JsonReader& text, Activation activation) {
    TextConfig c = empty();
    c.context = text.may_have("context_length") ? text.integer("context_length", 2) : 77;
    c.vocabulary = text.may_have("vocab_size") ? text.integer("vocab_size", 2) : 49408;
    c.width = text.integer("width", 1);
    c.layers = text.integer("layers", 1);
    c.heads = text.integer("heads", 1);
    c.mlp_width = read_mlp_ratio(text, c.width);
    c.activation = activation;
    c.epsilon = 1e-5f;
    return c;
  }
  static Result<Json> try_write_openclip(const TextConfig& c, const std::string&) {
    Json text{{"context_length", c.context},
              {"vocab_size", c.vocabulary},
              {"width", c.width},
              {"heads", c.heads},
              {"layers", c.layers}};
    if (c.hidden() != 4 * c.width) text["mlp_ratio"] = mlp_ratio(c.width, c.hidden());
    return text;
  }

  static Result<Json> try_write_huggingface(const TextConfig& c, Index embed_dim, const std::string&) {
    Json text = huggingface_transformer(c, embed_dim);
    text.update({{"model_type", "clip_text_model"},
                 {"max_position_embeddings", c.context},
                 {"vocab_size", c.vocabulary},
                 {"bos_token_id", c.vocabulary - 2},
                 {"eos_token_id", c.vocabulary - 1},
                 {"pad_token_id", c.vocabulary - 1}});  // as OpenAI's tokenizer has them in transformers
    return text;
  }

  static NameTable names(Dialect dialect) {
    if (dialect != Dialect::huggingface) return {.dialect = dialect};
    return {.dialect = dialect,
            .prefix = "text_model.",
            .rules = detail::text_huggingface_names,
            .dropped = "text_model.embeddings.position_ids"};
  }
  static bool recognises(const ShapeReader& shape) { return shape.has("token_embedding.weight"); }
  static Index embed_dim(ShapeReader& shape) { return shape("text_projection", 2, 1); }
  static TextConfig infer(ShapeReader& shape, const TowerStatement& stated, const TowerStatement& assumed) {
    TextConfig c = empty();
    c.heads = 1;  // after a problem with shapes, heads are not another one
    c.epsilon = 1e-5f;
    c.context = shape("positional_embedding", 2, 0);
    c.vocabulary = shape("token_embedding.weight", 2, 0);
    c.width = shape("token_embedding.weight", 2, 1);
    c.layers = shape.count_blocks("transformer.resblocks.", "attn.in_proj_weight");
    const Index hidden = shape("transformer.resblocks.0.mlp.c_fc.weight", 2, 0);
    shape("text_projection", 2, 1);
    if (!shape.problems().empty()) return c;
    c.mlp_width = hidden == 4 * c.width ? 0 : hidden;
    c.heads = infer_heads(c.width, stated.heads, assumed.heads);
    c.activation = stated.activation.value_or(assumed.activation.value_or(Activation::quick_gelu));
    c.epsilon = stated.epsilon.value_or(c.epsilon);
    return c;
  }
  static double count_values(const TextConfig& c, Index embed_dim) {
    const double w = static_cast<double>(c.width);
    return static_cast<double>(c.vocabulary + c.context) * w + 2 * w + values_of_blocks(c.layers, c.width, c.hidden()) +
           w * static_cast<double>(embed_dim) + 1;
  }

  static TowerStatement state(const TextConfig& c) { return state_transformer(c); }
  static void apply(TextConfig& c, const TowerStatement& stated) { apply_to_transformer(c, stated); }
  static std::string in_words(const TextConfig& c) {
    return "context " + std::to_string(c.context) + ", vocabulary " + std::to_string(c.vocabulary) + ", width " +
           std::to_string(c.width) + ", layers " + std::to_string(c.layers) + ", heads " + std::to_string(c.heads) +
           ", " + std::string(name_of(c.activation));
  }
  static constexpr double count_flops(const TextConfig& c, Index embed_dim) {
    return static_cast<double>(c.layers) * flops_of_block(c.block(), c.context) +
           flops_of_product(1, c.width, embed_dim);
  }

 private:
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

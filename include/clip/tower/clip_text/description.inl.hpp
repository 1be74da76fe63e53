// clip/tower/clip_text/description.inl.hpp: definitions of clip/tower/clip_text/description.hpp.
#pragma once

#include <clip/config/bounds.hpp>
#include <clip/io/json.hpp>
#include <clip/io/json_reader.hpp>
#include <clip/names/shape_reader.hpp>
#include <clip/tower/clip_text/apple_names.hpp>
#include <clip/tower/clip_text/description.hpp>
#include <clip/tower/clip_text/openclip_names.hpp>
#include <clip/tower/clip_text/tinyclip_names.hpp>
#include <clip/tower/infer_pruned.hpp>
#include <clip/tower/json_fields.hpp>

#include <array>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI {

namespace detail {

/// OpenAI's names and those of transformers' CLIPModel.
inline constexpr auto clip_text_huggingface_names =
    joined(text_huggingface_names, std::array<NameRule, 1>{{{"text_projection", "text_projection.weight", true}}});

/// The vocabulary of XLM-V, which Meta CLIP 2 reads.
inline constexpr Index xlm_v_ids = 901629;
/// The id that fills rows, by the end of text: XLM-V's 1 after its 2, otherwise 0.
constexpr Index pad_after(Index end) { return end == 2 ? 1 : 0; }

/// The keys of OpenCLIP about the row that is pooled and the ids at the end of a text. Which tokenizer makes them is
/// for the program to say.
inline void read_openclip_pooling(JsonReader& text, TextConfig& c) {
  static_cast<void>(text.may_have("hf_tokenizer_name"));
  c.last_pooled = text.says("pool_type", "last");
  const bool eos = text.says("pool_type", "eos");
  if (text.may_have("pool_type") && !c.last_pooled && !eos && !text.says("pool_type", "argmax"))
    text.problem("pool_type", "expected argmax, eos or last");
  if (text.may_have("eos_id")) {
    const Index end = text.extent("eos_id", largest_extent, 0);
    if (eos) c.end = end;
  } else if (eos) {
    c.end = 2;
  }
  if (text.may_have("tokenizer_kwargs")) {
    JsonReader options = text.object("tokenizer_kwargs");
    if (options.may_have("strip_sep_token") && options.flag("strip_sep_token")) c.end = 0;
  }
  c.pad = text.may_have("pad_id") ? text.extent("pad_id", largest_extent, 0) : pad_after(c.end);
}

/// Whether a file holds an image tower of CLIPA's kind, with which goes a text tower that no shape distinguishes.
inline bool has_clipa_images(const ShapeReader& shape) {
  return shape.has("visual.class_embedding") && shape.has("visual.conv1.weight") && !shape.has("visual.ln_pre.weight");
}

}  // namespace detail

CLIP_HOST TextConfig Description<TextConfig>::read(JsonReader& text) {
  TextConfig c = empty();
  c.context = text.extent("context", largest_extent, 2);
  c.vocabulary = text.extent("vocabulary", largest_extent, 2);
  if (text.may_have("causal")) c.causal = text.flag("causal");
  if (text.may_have("end")) c.end = text.extent("end", largest_extent, 0);
  if (text.may_have("pad")) c.pad = text.extent("pad", largest_extent, 0);
  if (text.may_have("last_pooled")) c.last_pooled = text.flag("last_pooled");
  if (text.may_have("two_tables")) c.two_tables = text.flag("two_tables");
  c = read_transformer(text, c);
  read_pruned_blocks(text, c);
  return c;
}

CLIP_HOST JsonTree Description<TextConfig>::write(const TextConfig& c) {
  JsonTree text = transformer_to_json(c);
  text["context"] = c.context;
  text["vocabulary"] = c.vocabulary;
  if (!c.causal) text["causal"] = false;
  if (c.end >= 0) text["end"] = c.end;
  if (c.pad != 0) text["pad"] = c.pad;
  if (c.last_pooled) text["last_pooled"] = true;
  if (c.two_tables) text["two_tables"] = true;
  write_pruned_blocks(text, c);
  return text;
}

CLIP_HOST bool Description<TextConfig>::recognises(const JsonReader& text) {
  return text.says("kind", kind) || !text.has("kind");
}

/// Not the text tower of a SigLIP, whose projection has a bias or is missing, not MobileCLIP S0's, whose first block is
/// of another kind, and not one without blocks, which averages words.
CLIP_HOST bool Description<TextConfig>::recognises(const ShapeReader& shape) {
  return shape.has("token_embedding.weight") && !shape.has("text_projection.weight") &&
         (shape.has("text_projection") || !shape.has("visual.attn_pool.probe")) &&
         (shape.has("positional_embedding") || shape.has("ln_final.weight") ||
          shape.has("transformer.resblocks.0.ln_2.weight")) &&
         !shape.has("transformer.resblocks.0.mlp.fc1.weight");
}

/// A tower that pools the last position is CLIPA's if its projection is a matrix, as of all of this family.
CLIP_HOST bool Description<TextConfig>::recognises_openclip(const JsonReader& text) {
  return (!text.says("pool_type", "last") || (!text.has("proj_bias") && !text.has("proj_type"))) &&
         !text.has("hf_model_name");
}

CLIP_HOST TextConfig Description<TextConfig>::read_openclip(JsonReader& text, Activation activation) {
  TextConfig c = empty();
  c.context = text.may_have("context_length") ? text.extent("context_length", largest_extent, 2) : 77;
  c.vocabulary = text.may_have("vocab_size") ? text.extent("vocab_size", largest_extent, 2) : 49408;
  c.width = text.extent("width", largest_extent);
  c.layers = text.extent("layers", most_layers);
  c.heads = text.extent("heads", largest_extent);
  c.mlp_width = read_mlp_ratio(text, c.width);
  if (text.may_have("no_causal_mask")) c.causal = !text.flag("no_causal_mask");
  detail::read_openclip_pooling(text, c);
  c.activation = activation;
  c.epsilon = 1e-5f;
  return c;
}

CLIP_HOST Result<JsonTree> Description<TextConfig>::try_write_openclip(const TextConfig& c, const std::string& place) {
  if (c.pruned) return pruned_error(place, "openclip");
  if (c.last_pooled != (c.end == 0))
    return OptionError{place, "end of text in OpenCLIP's description", "id 0 of a tower that pools the last position",
                       in_words(c)};
  JsonTree text = json_object("context_length", c.context, "vocab_size", c.vocabulary, "width", c.width, "heads",
                              c.heads, "layers", c.layers);
  if (!c.causal) text["no_causal_mask"] = true;
  if (c.vocabulary == detail::xlm_v_ids) text["hf_tokenizer_name"] = "facebook/xlm-v-base";
  if (c.last_pooled)
    text.put("pool_type", "last", "hf_tokenizer_name", "bert-base-uncased", "tokenizer_kwargs",
             json_object("strip_sep_token", true));
  else if (c.end >= 0) text.put("pool_type", "eos", "eos_id", c.end);
  if (c.pad != detail::pad_after(c.end)) text["pad_id"] = c.pad;
  if (c.hidden() != 4 * c.width) text["mlp_ratio"] = mlp_ratio(c.width, c.hidden());
  return text;
}

/// Apple's "base" text encoder; "mct" is another.
CLIP_HOST bool Description<TextConfig>::recognises_apple(const JsonReader& text) {
  return text.says("model_name", "base");
}

CLIP_HOST TextConfig Description<TextConfig>::read_apple(JsonReader& text) {
  TextConfig c = empty();
  c.context = text.extent("context_length", largest_extent, 2);
  c.vocabulary = text.extent("vocab_size", largest_extent, 2);
  c.width = text.extent("dim", largest_extent);
  c.layers = text.extent("n_transformer_layers", most_layers);
  c.heads = text.extent("n_heads_per_layer", largest_extent);
  c.causal = text.flag("causal_masking");
  c.activation = Activation::gelu;
  c.epsilon = 1e-5f;
  if (!text.says("norm_layer", "layer_norm_fp32") && !text.says("norm_layer", "layer_norm"))
    text.problem("norm_layer", "expected layer_norm_fp32 or layer_norm");
  const double hidden = 16 * std::ceil(static_cast<double>(c.width) * text.number("ffn_multiplier_per_layer") / 16);
  if (!(hidden >= 1 && hidden <= static_cast<double>(largest_extent)))
    text.problem("ffn_multiplier_per_layer", "expected a width of the MLP in 1 ... " + std::to_string(largest_extent));
  else if (static_cast<Index>(hidden) != 4 * c.width) c.mlp_width = static_cast<Index>(hidden);
  return c;
}

CLIP_HOST Result<JsonTree> Description<TextConfig>::try_write_apple(const TextConfig& c, const std::string& place) {
  if (c.pruned) return pruned_error(place, "apple");
  if (c.activation.value != Activation::gelu || c.epsilon.value != 1e-5f || c.hidden() % 16 != 0)
    return OptionError{place, "text tower in Apple's description", "gelu, epsilon 1e-05 and an MLP of a multiple of 16",
                       in_words(c) + ", MLP " + std::to_string(c.hidden())};
  return json_object("context_length", c.context, "vocab_size", c.vocabulary, "dim", c.width,
                     "ffn_multiplier_per_layer", static_cast<double>(c.hidden()) / static_cast<double>(c.width),
                     "n_heads_per_layer", c.heads, "n_transformer_layers", c.layers, "norm_layer", "layer_norm_fp32",
                     "causal_masking", c.causal, "model_name", "base");
}

CLIP_HOST Result<JsonTree> Description<TextConfig>::try_write_huggingface(const TextConfig& c, Index embed_dim,
                                                                          const std::string& place) {
  if (!c.causal)
    return OptionError{place, "dialect for a text tower without a causal mask", "openai or openclip",
                       "huggingface: transformers has no such CLIP"};
  if (c.pruned) return pruned_error(place, "huggingface");
  JsonTree text = huggingface_transformer(c, embed_dim);
  if (c.end >= 0) {
    text.put("model_type", "metaclip_2_text_model", "max_position_embeddings", c.context,  //
             "vocab_size", c.vocabulary, "bos_token_id", 0, "eos_token_id", c.end, "pad_token_id", c.pad);
    return text;
  }
  text.put("model_type", "clip_text_model", "max_position_embeddings", c.context,  //
           "vocab_size", c.vocabulary,                                             //
           "bos_token_id", c.vocabulary - 2,  // as OpenAI's tokenizer has them in transformers
           "eos_token_id", c.vocabulary - 1,  //
           "pad_token_id", c.vocabulary - 1);
  return text;
}

CLIP_HOST NameTable Description<TextConfig>::names(Dialect dialect) {
  static constexpr std::array<std::string_view, 1> second{"positional_embedding_res"};
  NameTable table{
      .dialect = dialect, .own = second, .divided = {"positional_embedding", second[0], TextConfig::kept_positions}};
  if (dialect == Dialect::openclip) {
    table.prefix = "text.";
    table.rules = detail::clip_text_apart_names;
    table.written = false;
  } else if (dialect == Dialect::apple) {
    table.prefix = "text_encoder.";
    table.rules = detail::clip_text_apple_names;
  } else if (dialect == Dialect::tinyclip) {
    table.prefix = "_text_encoder.";
    table.rules = detail::clip_text_tinyclip_names;
  } else if (dialect == Dialect::huggingface) {
    table.prefix = "text_model.";
    table.rules = detail::clip_text_huggingface_names;
    table.dropped = "text_model.embeddings.position_ids";
  }
  return table;
}

CLIP_HOST Index Description<TextConfig>::embed_dim(ShapeReader& shape) { return shape("text_projection", 2, 1); }

CLIP_HOST TextConfig Description<TextConfig>::infer(ShapeReader& shape, const TowerStatement& stated,
                                                    const TowerStatement& assumed) {
  TextConfig c = empty();
  c.heads = 1;  // after a problem with shapes, heads are not another one
  c.epsilon = 1e-5f;
  c.context = shape("positional_embedding", 2, 0);
  c.two_tables = shape.has("positional_embedding_res");
  if (c.two_tables && shape("positional_embedding_res", 2, 0) != c.context)
    shape.problem("positional_embedding_res has another number of rows than positional_embedding");
  c.vocabulary = shape("token_embedding.weight", 2, 0);
  c.width = shape("token_embedding.weight", 2, 1);
  infer_blocks(shape, "transformer.resblocks.", c);
  shape("text_projection", 2, 1);
  if (!shape.problems().empty()) return c;
  const bool clipa = detail::has_clipa_images(shape);
  // No image tower of MobileCLIP's convolutional kind goes with a causal text tower, nor does its L-14, which is
  // OpenAI's with a bias of the projection. A Perception Encoder has that bias, too, and a pooling.
  c.causal = stated.causal.value_or(
      !shape.has("visual.trunk.stem.0.conv_kxk.0.conv.weight") &&
      !shape.has("visual.trunk.stem.0.reparam_conv.weight") &&
      !(shape.has("visual.proj.bias") && shape.has("visual.ln_pre.weight") && !shape.has("visual.attn_pool.probe")) &&
      !clipa);
  c.last_pooled = stated.last_pooled.value_or(clipa);
  c.end = stated.end.value_or(clipa ? 0 : c.vocabulary == detail::xlm_v_ids ? 2 : -1);
  c.pad = stated.pad.value_or(detail::pad_after(c.end));
  c.heads = infer_heads(c.width, stated.heads, assumed.heads);
  infer_pruned(shape, "transformer.resblocks.", c, stated.head_width);
  c.activation = stated.activation.value_or(assumed.activation.value_or(Activation::quick_gelu));
  c.epsilon = stated.epsilon.value_or(c.epsilon);
  return c;
}

CLIP_HOST double Description<TextConfig>::count_values(const TextConfig& c, Index embed_dim) {
  const double w = static_cast<double>(c.width);
  return static_cast<double>(c.vocabulary + (c.two_tables ? 2 : 1) * c.context) * w + 2 * w +
         sum_over_blocks(c, values_of_block) + w * static_cast<double>(embed_dim);
}

CLIP_HOST std::string_view Description<TextConfig>::remark(const TextConfig& c) {
  if (!may_be_fold(c)) return {};
  return "one table of positions, which may be the fold of Long-CLIP's two; a converter in circulation (zer0int's) "
         "writes the frozen one instead, whose rows from 20 on were never trained, and the file does not tell";
}

CLIP_HOST std::string Description<TextConfig>::in_words(const TextConfig& c) {
  return "context " + std::to_string(c.context) + ", vocabulary " + std::to_string(c.vocabulary) + ", width " +
         std::to_string(c.width) + ", layers " + std::to_string(c.layers) + ", " + heads_in_words(c) + ", " +
         std::string(name_of(c.activation)) + (c.causal ? "" : ", no causal mask") +
         (c.end >= 0 ? ", end of text " + std::to_string(c.end) : "") + (c.last_pooled ? ", last position" : "") +
         (c.two_tables ? ", two tables of positions" : "");
}

}  // namespace clip::inline CLIP_ABI

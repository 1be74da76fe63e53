// clip/tower/bert_text/description.inl.hpp: definitions of clip/tower/bert_text/description.hpp.
#pragma once

#include <clip/config/bounds.hpp>
#include <clip/io/json.hpp>
#include <clip/io/json_reader.hpp>
#include <clip/names/shape_reader.hpp>
#include <clip/tower/bert_text/description.hpp>
#include <clip/tower/bert_text/names.hpp>
#include <clip/tower/bert_text/openclip.hpp>
#include <clip/tower/json_fields.hpp>

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {
/// A table that is as long as context and offset say is not stated, so that equal towers compare equal.
constexpr BertTextConfig without_own_table(BertTextConfig c) {
  if (c.positions == c.offset + c.context) c.positions = 0;
  return c;
}
}  // namespace detail

CLIP_HOST bool Description<BertTextConfig>::recognises(const JsonReader& text) { return text.says("kind", kind); }

CLIP_HOST BertTextConfig Description<BertTextConfig>::read(JsonReader& text) {
  BertTextConfig c = empty();
  c.context = text.extent("context", largest_extent, 2);
  c.vocabulary = text.extent("vocabulary", largest_extent, 2);
  c = read_transformer(text, c);
  const auto optional = [&](const char* key, Index& size) {
    if (text.may_have(key)) size = text.extent(key, largest_extent, 0);
  };
  optional("positions", c.positions);
  optional("offset", c.offset);
  optional("types", c.types);
  optional("pad", c.pad);
  if (text.may_have("pooler")) c.pooler = text.flag("pooler");
  c.pooling = read_choice(text, "pooling", c.pooling, text_poolings);
  if (text.may_have("projection")) c.projection = read_choice(text, "projection", c.projection, text_projections);
  if (text.may_have("projection_tanh")) c.projection_tanh = text.flag("projection_tanh");
  return detail::without_own_table(c);
}

CLIP_HOST JsonTree Description<BertTextConfig>::write(const BertTextConfig& c) {
  JsonTree text = transformer_to_json(c);
  text["kind"] = std::string(kind);
  text["context"] = c.context;
  text["vocabulary"] = c.vocabulary;
  if (c.table() != c.offset + c.context) text["positions"] = c.positions;
  if (c.offset != 0) text["offset"] = c.offset;
  if (c.types != empty().types) text["types"] = c.types;
  if (c.pad != 0) text["pad"] = c.pad;
  if (!c.pooler) text["pooler"] = false;
  text["pooling"] = std::string(name_of(c.pooling));
  if (c.projection != TextProjection::none) text["projection"] = std::string(name_of(c.projection));
  if (c.projection_tanh) text["projection_tanh"] = true;
  return text;
}

CLIP_HOST bool Description<BertTextConfig>::recognises_openclip(const JsonReader& text) {
  return text.has("hf_model_name");
}

/// The sizes follow from the name of transformers' model. hf_tokenizer_name and what concerns training have no effect.
CLIP_HOST BertTextConfig Description<BertTextConfig>::read_openclip(JsonReader& text, Activation) {
  const std::string name = text.text("hf_model_name");
  const detail::BertOfName* const known = detail::bert_of_name(name);
  if (known == nullptr) {
    text.problem("hf_model_name", "expected one of " + detail::bert_names_in_words() + ", found \"" + name + "\"");
    return empty();
  }
  BertTextConfig c = known->config;
  for (const char* const key : {"hf_tokenizer_name", "hf_model_pretrained", "tokenizer_kwargs"})
    static_cast<void>(text.may_have(key));
  c.context = 77;
  if (text.may_have("context_length")) c.context = text.extent("context_length", c.positions - c.offset, 2);
  c.projection = TextProjection::linear;
  const std::string proj = text.has("hf_proj_type") ? text.text("hf_proj_type")
                           : text.has("proj_type")  ? text.text("proj_type")
                                                    : "linear";
  static_cast<void>(text.may_have("hf_proj_type"));
  if (proj == "mlp") c.projection = TextProjection::mlp;
  else if (proj != "linear" && !proj.empty()) text.problem("hf_proj_type", "expected linear or mlp");
  // OpenCLIP makes the pooler's weights only where it uses them.
  std::string pooling = c.offset > 0 ? "mean_pooler" : "cls_pooler";
  for (const char* const key : {"hf_pooler_type", "pooler_type"})
    if (text.has(key)) pooling = text.text(key);
  c.pooler = pooling == "cls_pooler";
  c.pooling = c.pooler ? TextPooling::pooler : pooling == "mean_pooler" ? TextPooling::mean : TextPooling::first;
  if (!c.pooler && pooling != "mean_pooler" && pooling != "cls_last_hidden_state_pooler")
    text.problem("hf_pooler_type", "expected cls_pooler, mean_pooler or cls_last_hidden_state_pooler");
  return detail::without_own_table(c);
}

CLIP_HOST Result<JsonTree> Description<BertTextConfig>::try_write_openclip(const BertTextConfig& c,
                                                                           const std::string& place) {
  const detail::BertOfName* const known = detail::bert_named(c);
  const bool states = c.projection == TextProjection::linear || c.projection == TextProjection::mlp;
  if (known == nullptr || !states || c.projection_tanh || c.pooler != (c.pooling == TextPooling::pooler))
    return OptionError{place, "text tower in OpenCLIP's description",
                       "one of " + detail::bert_names_in_words() + " with a projection that is linear or mlp",
                       in_words(c)};
  return json_object("hf_model_name", std::string(known->name), "hf_tokenizer_name", std::string(known->name),
                     "hf_proj_type", std::string(name_of(c.projection)),  //
                     "hf_pooler_type",
                     c.pooling == TextPooling::pooler ? "cls_pooler"
                     : c.pooling == TextPooling::mean ? "mean_pooler"
                                                      : "cls_last_hidden_state_pooler",
                     "context_length", c.context);
}

/// The text_config of a ChineseCLIPModel.
CLIP_HOST Result<JsonTree> Description<BertTextConfig>::try_write_huggingface(const BertTextConfig& c, Index embed_dim,
                                                                              const std::string& place) {
  if (c.projection != TextProjection::linear || c.projection_tanh || c.pooling != TextPooling::first || c.pooler ||
      c.types == 0 || c.offset != 0)
    return OptionError{place, "text tower of transformers' ChineseCLIPModel",
                       "a BERT without a pooler that pools the first token, with a linear projection", in_words(c)};
  JsonTree text = huggingface_transformer(c, embed_dim);
  text.put("model_type", "chinese_clip_text_model", "max_position_embeddings", c.table(),  //
           "vocab_size", c.vocabulary,                                                     //
           "type_vocab_size", c.types,                                                     //
           "pad_token_id", c.pad);
  return text;
}

/// Under the dialect openai the names of the original Chinese-CLIP: those of the text tower begin with "bert.", the image
/// tower has OpenAI's. Without token types they are also those of DistilBERT here, which has no such model.
CLIP_HOST NameTable Description<BertTextConfig>::names(Dialect dialect) {
  static const detail::PrefixedRules original{{"bert.", detail::bert_names}, {"bert.", detail::bert_pooler_names}};
  static const detail::PrefixedRules openclip{{"text.transformer.", detail::bert_names},
                                              {"text.transformer.", detail::bert_pooler_names},
                                              {"", detail::bert_openclip_projections}};
  NameTable table{.dialect = dialect, .own = detail::bert_own_names, .heads = detail::bert_heads};
  if (dialect == Dialect::openai) {
    table.prefix = "bert.embeddings.word_embeddings.";
    table.rules = original.rules();
    table.signs = detail::bert_original_sign;
  } else if (dialect == Dialect::openclip) {
    table.prefix = "text.transformer.embeddings.word_embeddings.";
    table.rules = openclip.rules();
    table.signs = detail::bert_openclip_sign;
  }
  return table;
}

/// transformers' models: BertModel as the text tower of a pair; BertModel; DistilBertModel, which has no token types. The
/// first whose sign a model has gives its names.
CLIP_HOST std::vector<NameTable> Description<BertTextConfig>::more_names() {
  static const detail::PrefixedRules in_pair{{"text_model.", detail::bert_names},
                                             {"text_model.", detail::bert_pooler_names},
                                             {"", detail::bert_projection_names}};
  static const detail::PrefixedRules bert{
      {"", detail::bert_names}, {"", detail::bert_pooler_names}, {"", detail::bert_projection_names}};
  static const detail::PrefixedRules distilbert{{"", detail::distilbert_names}, {"", detail::bert_projection_names}};
  const auto table = [](std::string_view prefix, const detail::PrefixedRules& names, std::span<const NameRule> signs) {
    return NameTable{.dialect = Dialect::huggingface,
                     .prefix = prefix,
                     .rules = names.rules(),
                     .signs = signs,
                     .heads = detail::bert_heads};
  };
  NameTable pair = table("text_model.embeddings.word_embeddings.", in_pair, detail::bert_in_pair_sign);
  pair.beside = "visual.";
  return {pair,  //
          table("embeddings.word_embeddings.", bert, detail::bert_sign),
          table("embeddings.word_embeddings.", distilbert, detail::distilbert_sign)};
}

CLIP_HOST bool Description<BertTextConfig>::recognises(const ShapeReader& shape) {
  return shape.has("word_embedding.weight") && shape.has("ln_embedding.weight");
}

CLIP_HOST Index Description<BertTextConfig>::embed_dim(ShapeReader& shape) {
  if (shape.has("text_projection")) return shape("text_projection", 2, 1);
  for (const char* const name : {"projection.weight", "projection.2.weight"})
    if (shape.has(name)) return shape(name, 2, 0);
  return shape("word_embedding.weight", 2, 1);
}

CLIP_HOST BertTextConfig Description<BertTextConfig>::infer(ShapeReader& shape, const TowerStatement& stated,
                                                            const TowerStatement& assumed) {
  BertTextConfig c = empty();
  c.vocabulary = shape("word_embedding.weight", 2, 0);
  c.width = shape("word_embedding.weight", 2, 1);
  c.positions = shape("positional_embedding", 2, 0);
  c.types = shape.has("token_type_embedding") ? shape("token_type_embedding", 2, 0) : 0;
  c.layers = shape.count_blocks("transformer.resblocks.", "attn.in_proj_weight");
  const Index hidden = shape("transformer.resblocks.0.mlp.c_fc.weight", 2, 0);
  if (!shape.problems().empty()) return c;
  c.mlp_width = hidden == 4 * c.width ? 0 : hidden;
  // BERT has two types; RoBERTa and XLM-R have one, and positions from the id after that of padding on.
  c.offset = stated.offset.value_or(c.types == 1 ? 2 : 0);
  c.pad = stated.pad.value_or(c.offset > 0 ? c.offset - 1 : 0);
  const Index longest = c.positions - c.offset;
  c.context =
      stated.context.value_or(shape.has("visual.conv1.weight") ? bert_context_in_pair(c.vocabulary, longest) : longest);
  if (c.context > longest) shape.problem("context " + std::to_string(c.context) + " is beyond the table of positions");
  c = detail::without_own_table(c);
  // Files of Chinese-CLIP have the pooler of the BERT that they began with, and do not use it.
  const bool projects_first = shape.has("text_projection") && shape.has("visual.conv1.weight");
  c.pooler = shape.has("pooler.weight") && !projects_first;
  c.pooling = stated.pooling.value_or(c.pooler       ? TextPooling::pooler
                                      : c.offset > 0 ? TextPooling::mean
                                                     : TextPooling::first);
  c.projection = shape.has("text_projection")       ? TextProjection::linear
                 : shape.has("projection.weight")   ? TextProjection::affine
                 : shape.has("projection.0.weight") ? TextProjection::mlp
                                                    : TextProjection::none;
  c.projection_tanh = stated.projection_tanh.value_or(false);
  c.heads = infer_heads(c.width, stated.heads, assumed.heads == 0 && c.width == 384 ? 12 : assumed.heads);
  c.activation = stated.activation.value_or(Activation::gelu);  // an assumption is about the image tower beside it
  c.epsilon = stated.epsilon.value_or(c.offset > 0 ? 1e-5f : 1e-12f);
  return c;
}

CLIP_HOST double Description<BertTextConfig>::count_values(const BertTextConfig& c, Index embed_dim) {
  const double w = static_cast<double>(c.width), e = static_cast<double>(embed_dim);
  const double projection = c.projection == TextProjection::none     ? 0
                            : c.projection == TextProjection::linear ? w * e
                            : c.projection == TextProjection::affine
                                ? (w + 1) * e
                                : static_cast<double>(c.projection_hidden(embed_dim)) * (w + e);
  return static_cast<double>(c.vocabulary + c.table() + c.types) * w + 2 * w +
         values_of_blocks(c.layers, c.width, c.hidden()) + (c.pooler ? (w + 1) * w : 0) + projection;
}

CLIP_HOST std::string Description<BertTextConfig>::in_words(const BertTextConfig& c) {
  return "context " + std::to_string(c.context) + ", vocabulary " + std::to_string(c.vocabulary) + ", width " +
         std::to_string(c.width) + ", layers " + std::to_string(c.layers) + ", heads " + std::to_string(c.heads) +
         ", " + std::string(name_of(c.activation)) + ", post-norm, pooling " + std::string(name_of(c.pooling)) +
         ", projection " + std::string(name_of(c.projection)) + (c.projection_tanh ? " with tanh" : "") +
         (c.offset > 0 ? ", positions from " + std::to_string(c.offset) : "") + (c.types == 0 ? ", without types" : "");
}

}  // namespace clip::inline CLIP_ABI

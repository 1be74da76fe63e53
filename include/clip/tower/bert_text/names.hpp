// clip/tower/bert_text/names.hpp: tensor names of BERT and DistilBERT in transformers, OpenCLIP and Chinese-CLIP.
#pragma once

#include <clip/names/dialect.hpp>

#include <array>
#include <deque>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace clip::inline CLIP_ABI::detail {

/// Our names and those of transformers' BertModel, which RoBERTa and XLM-R have, too. Old files write gamma and beta.
inline constexpr std::array<NameRule, 20> bert_names{{
    {"word_embedding.weight", "embeddings.word_embeddings.weight"},
    {"positional_embedding", "embeddings.position_embeddings.weight"},
    {"token_type_embedding", "embeddings.token_type_embeddings.weight"},
    {"ln_embedding.weight", "embeddings.LayerNorm.weight"},
    {"ln_embedding.bias", "embeddings.LayerNorm.bias"},
    {"transformer.resblocks.#.attn.in_proj_weight", "encoder.layer.#.attention.self.$.weight"},
    {"transformer.resblocks.#.attn.in_proj_bias", "encoder.layer.#.attention.self.$.bias"},
    {"transformer.resblocks.#.attn.out_proj.*", "encoder.layer.#.attention.output.dense.*"},
    {"transformer.resblocks.#.ln_1.weight", "encoder.layer.#.attention.output.LayerNorm.weight"},
    {"transformer.resblocks.#.ln_1.bias", "encoder.layer.#.attention.output.LayerNorm.bias"},
    {"transformer.resblocks.#.mlp.c_fc.*", "encoder.layer.#.intermediate.dense.*"},
    {"transformer.resblocks.#.mlp.c_proj.*", "encoder.layer.#.output.dense.*"},
    {"transformer.resblocks.#.ln_2.weight", "encoder.layer.#.output.LayerNorm.weight"},
    {"transformer.resblocks.#.ln_2.bias", "encoder.layer.#.output.LayerNorm.bias"},
    {"ln_embedding.weight", "embeddings.LayerNorm.gamma"},
    {"ln_embedding.bias", "embeddings.LayerNorm.beta"},
    {"transformer.resblocks.#.ln_1.weight", "encoder.layer.#.attention.output.LayerNorm.gamma"},
    {"transformer.resblocks.#.ln_1.bias", "encoder.layer.#.attention.output.LayerNorm.beta"},
    {"transformer.resblocks.#.ln_2.weight", "encoder.layer.#.output.LayerNorm.gamma"},
    {"transformer.resblocks.#.ln_2.bias", "encoder.layer.#.output.LayerNorm.beta"},
}};

/// The pooler of all of them.
inline constexpr std::array<NameRule, 1> bert_pooler_names{{{"pooler.*", "pooler.dense.*"}}};

/// Our names and those of transformers' DistilBertModel.
inline constexpr std::array<NameRule, 11> distilbert_names{{
    {"word_embedding.weight", "embeddings.word_embeddings.weight"},
    {"positional_embedding", "embeddings.position_embeddings.weight"},
    {"ln_embedding.weight", "embeddings.LayerNorm.weight"},
    {"ln_embedding.bias", "embeddings.LayerNorm.bias"},
    {"transformer.resblocks.#.attn.in_proj_weight", "transformer.layer.#.attention.@_lin.weight"},
    {"transformer.resblocks.#.attn.in_proj_bias", "transformer.layer.#.attention.@_lin.bias"},
    {"transformer.resblocks.#.attn.out_proj.*", "transformer.layer.#.attention.out_lin.*"},
    {"transformer.resblocks.#.ln_1.*", "transformer.layer.#.sa_layer_norm.*"},
    {"transformer.resblocks.#.mlp.c_fc.*", "transformer.layer.#.ffn.lin1.*"},
    {"transformer.resblocks.#.mlp.c_proj.*", "transformer.layer.#.ffn.lin2.*"},
    {"transformer.resblocks.#.ln_2.*", "transformer.layer.#.output_layer_norm.*"},
}};

/// The projection of transformers' models, a linear layer without a bias.
inline constexpr std::array<NameRule, 1> bert_projection_names{{{"text_projection", "text_projection.weight", true}}};

/// The projections of OpenCLIP's text towers of transformers.
inline constexpr std::array<NameRule, 3> bert_openclip_projections{{
    {"text_projection", "text.proj.weight", true},
    {"projection.0.weight", "text.proj.0.weight"},
    {"projection.2.weight", "text.proj.2.weight"},
}};

/// The tensor that only a tower with token types has; and one that every tower has, in each naming.
inline constexpr std::array<NameRule, 1> bert_sign{
    {{"token_type_embedding", "embeddings.token_type_embeddings.weight"}}};
inline constexpr std::array<NameRule, 1> distilbert_sign{
    {{"word_embedding.weight", "embeddings.word_embeddings.weight"}}};
inline constexpr std::array<NameRule, 1> bert_in_pair_sign{
    {{"word_embedding.weight", "text_model.embeddings.word_embeddings.weight"}}};
inline constexpr std::array<NameRule, 1> bert_openclip_sign{
    {{"word_embedding.weight", "text.transformer.embeddings.word_embeddings.weight"}}};
inline constexpr std::array<NameRule, 1> bert_original_sign{
    {{"word_embedding.weight", "bert.embeddings.word_embeddings.weight"}}};

/// Heads of the training of BERT, RoBERTa and DistilBERT, and of what was trained from them.
inline constexpr std::array<std::string_view, 9> bert_heads{
    "cls.",        "lm_head.",        "vocab_transform.", "vocab_layer_norm.", "vocab_projector.",
    "classifier.", "pre_classifier.", "qa_outputs.",      "mlm_head."};

/// Names of our own that no rule has.
inline constexpr std::array<std::string_view, 2> bert_own_names{"projection.*", "text_projection"};

/// Rules whose other names have a prefix. Keeps their text.
class PrefixedRules {
 public:
  struct Part {
    std::string_view prefix;
    std::span<const NameRule> rules;
  };

  explicit PrefixedRules(std::initializer_list<Part> parts) {
    for (const Part& part : parts)
      for (NameRule rule : part.rules) {
        text_.push_back(std::string(part.prefix) + std::string(rule.other));
        rule.other = text_.back();
        rules_.push_back(rule);
      }
  }
  PrefixedRules(const PrefixedRules&) = delete;
  PrefixedRules& operator=(const PrefixedRules&) = delete;

  std::span<const NameRule> rules() const { return rules_; }

 private:
  std::deque<std::string> text_;
  std::vector<NameRule> rules_;
};

}  // namespace clip::inline CLIP_ABI::detail

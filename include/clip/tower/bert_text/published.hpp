// clip/tower/bert_text/published.hpp: published text towers of the family BERT.
#pragma once

#include <clip/tower/bert_text/config.hpp>

namespace clip::inline CLIP_ABI {

/// BERT and its relatives as their authors published them. The pooled row is the embedding.
namespace bert {

/// Devlin et al. 2019. 109,482,240 parameters, those of the pooler included.
inline constexpr BertTextConfig base_uncased{.context = 512,
                                             .vocabulary = 30522,
                                             .width = 768,
                                             .layers = 12,
                                             .heads = 12,
                                             .activation = Activation::gelu,
                                             .epsilon = 1e-12f};
/// Sanh et al. 2019.
inline constexpr BertTextConfig distilbert_base_uncased = [] {
  auto c = base_uncased;
  c.layers = 6;
  c.types = 0;
  c.pooler = false;
  c.pooling = TextPooling::first;
  return c;
}();
/// Liu et al. 2019: GPT-2's vocabulary, positions from 2 on.
inline constexpr BertTextConfig roberta_base = [] {
  auto c = base_uncased;
  c.vocabulary = 50265;
  c.epsilon = 1e-5f;
  c.offset = 2;
  c.types = 1;
  c.pad = 1;
  return c;
}();
/// Conneau et al. 2020: 250,002 SentencePiece ids of 100 languages.
inline constexpr BertTextConfig xlm_roberta_base = [] {
  auto c = roberta_base;
  c.vocabulary = 250002;
  return c;
}();
inline constexpr BertTextConfig xlm_roberta_large = [] {
  auto c = xlm_roberta_base;
  c.width = 1024;
  c.layers = 24;
  c.heads = 16;
  return c;
}();

}  // namespace bert

/// Text towers of sentence-transformers (Reimers and Gurevych 2019): the mean of all tokens.
namespace sentence_transformers {

inline constexpr BertTextConfig all_MiniLM_L6_v2 = [] {
  auto c = bert::base_uncased;
  c.context = 256;
  c.positions = 512;
  c.width = 384;
  c.layers = 6;
  c.pooling = TextPooling::mean;
  return c;
}();
inline constexpr BertTextConfig all_MiniLM_L12_v2 = [] {
  auto c = all_MiniLM_L6_v2;
  c.context = 128;
  c.layers = 12;
  return c;
}();
/// Reimers and Gurevych 2020: DistilBERT of 104 languages, which was trained to give the text features of OpenAI's
/// ViT-B/32.
inline constexpr BertTextConfig clip_ViT_B_32_multilingual_v1 = [] {
  auto c = bert::distilbert_base_uncased;
  c.context = 128;
  c.positions = 512;
  c.vocabulary = 119547;
  c.pooling = TextPooling::mean;
  c.projection = TextProjection::linear;
  return c;
}();

}  // namespace sentence_transformers

}  // namespace clip::inline CLIP_ABI

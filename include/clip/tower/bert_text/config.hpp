// clip/tower/bert_text/config.hpp: configuration of the text towers BERT, DistilBERT, RoBERTa and XLM-R.
#pragma once

#include <clip/config/block.hpp>
#include <clip/config/bounds.hpp>
#include <clip/config/text_pooling.hpp>
#include <clip/tokens/row_form.hpp>
#include <clip/tower/counting.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace clip::inline CLIP_ABI {

/// What maps the pooled row to the embedding: nothing; x W; x Wᵀ + b; or two layers without biases and a GELU between
/// (OpenCLIP), whose hidden width is the mean of both widths.
enum class TextProjection : unsigned char { none, linear, affine, mlp };
inline constexpr std::array text_projections{TextProjection::none, TextProjection::linear, TextProjection::affine,
                                             TextProjection::mlp};
constexpr std::string_view name_of(TextProjection projection) {
  constexpr std::array<std::string_view, text_projections.size()> names{"none", "linear", "affine", "mlp"};
  return names[static_cast<std::size_t>(projection)];
}

/// BERT (Devlin et al. 2019), DistilBERT (Sanh et al. 2019), RoBERTa (Liu et al. 2019) and XLM-R (Conneau et al. 2020):
/// a norm of the embeddings, post-norm blocks in which every token attends to every other, pooling and a projection.
/// Padding is no part of a text.
struct BertTextConfig {
  Index context;     // the most ids of a text, start and end included
  Index vocabulary;  // ids are less than this
  Index width;
  Index layers;
  Index heads;
  Required<Activation> activation;
  Required<float> epsilon;
  Index mlp_width = 0;  // 0: 4 · width
  Index positions = 0;  // rows of the table of positions; 0: offset + context
  Index offset = 0;     // the row of the first token: 2 in RoBERTa and XLM-R
  Index types = 2;      // rows of the table of token types, of which every token has the first; 0: none (DistilBERT)
  Index pad = 0;        // id that fills rows: 1 in RoBERTa and XLM-R
  bool pooler = true;   // whether the tower has the weights of a pooler, used or not
  TextPooling pooling = TextPooling::pooler;
  TextProjection projection = TextProjection::none;
  bool projection_tanh = false;  // whether the projection ends with a tanh (a Dense of sentence-transformers)

  /// Width of the MLP's hidden layer.
  constexpr Index hidden() const { return mlp_width_of(width, mlp_width); }
  /// Rows of the table of positions.
  constexpr Index table() const {
    if (positions != 0) return positions;
    return context == dyn || offset == dyn ? dyn : offset + context;
  }
  /// Configuration of every block.
  constexpr BlockConfig block() const { return block_of(*this, false); }
  /// [CLS] tokens [SEP], with the ids of the vocabulary.
  constexpr RowForm row() const { return {.pad = static_cast<std::int32_t>(pad)}; }
  /// Hidden width of the projection `mlp`.
  constexpr Index projection_hidden(Index embed_dim) const {
    return width == dyn || embed_dim == dyn ? dyn : (width + embed_dim) / 2;
  }
  /// Whether no size is dyn.
  constexpr bool fixed() const {
    for (const Index size : {context, vocabulary, width, layers, heads, mlp_width, positions, offset, types, pad})
      if (size == dyn) return false;
    return true;
  }
  friend constexpr bool operator==(const BertTextConfig&, const BertTextConfig&) = default;
};

/// The most ids of a text beside an image tower, where nothing states it: Chinese-CLIP's 52 with its vocabulary, and
/// otherwise as many as the table of positions has rows for.
constexpr Index bert_context_in_pair(Index vocabulary, Index positions) {
  return vocabulary == 21128 && positions > 52 ? 52 : positions;
}

/// The problem of an impossible configuration, as a sentence, or null; see VitConfig.
constexpr const char* problem(const BertTextConfig& c) {
  if (!c.fixed()) return nullptr;
  if (c.layers > most_layers) return "BertTextConfig: layers must be at most 4096";
  if (!possible_extents({c.context, c.vocabulary, c.width, c.heads, c.mlp_width, c.positions, c.offset, c.types}))
    return "BertTextConfig: sizes must be at most 16777216";
  if (c.context < 2 || c.vocabulary < 2 || c.width <= 0 || c.layers < 1 || c.heads <= 0 || c.hidden() <= 0)
    return "BertTextConfig: sizes must be positive, context and vocabulary at least 2";
  if (c.positions < 0 || c.offset < 0 || c.types < 0) return "BertTextConfig: sizes must not be negative";
  if (c.table() < c.offset + c.context)
    return "BertTextConfig: positions must be at least the offset and the context together";
  if (c.pad < 0 || c.pad >= c.vocabulary) return "BertTextConfig: pad must be an id of the vocabulary";
  if (c.width % c.heads != 0) return "BertTextConfig: heads must divide width";
  if (c.pooling == TextPooling::pooler && !c.pooler) return "BertTextConfig: pooling by the pooler needs a pooler";
  if (c.projection_tanh && c.projection != TextProjection::linear && c.projection != TextProjection::affine)
    return "BertTextConfig: a tanh follows a projection that is linear or affine";
  if (!possible_epsilon(c.epsilon)) return "BertTextConfig: epsilon must be finite and not negative";
  if (values_of_blocks(c.layers, c.width, c.hidden()) +
          static_cast<double>(c.width) * static_cast<double>(c.table() + c.vocabulary + c.types + c.width) >
      most_weights)
    return "BertTextConfig: more than 2^37 weights";
  return nullptr;
}

/// The problem of an embedding dimension with this tower, or null.
constexpr const char* problem(const BertTextConfig& c, Index embed_dim) {
  if (c.projection != TextProjection::none || c.width == dyn || embed_dim == dyn || c.width == embed_dim)
    return nullptr;
  return "BertTextConfig: without a projection embed_dim must be the width of the text tower";
}

}  // namespace clip::inline CLIP_ABI

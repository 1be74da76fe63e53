// clip/tower/clip_text/config.hpp: configuration of OpenAI's text transformer.
#pragma once

#include <clip/config/block.hpp>
#include <clip/config/bounds.hpp>
#include <clip/config/pruned_blocks.hpp>
#include <clip/tokens/row_form.hpp>
#include <clip/tower/counting.hpp>

#include <cstdint>

namespace clip::inline CLIP_ABI {

/// Radford et al. 2019 in the form of OpenAI's CLIP: causal, pre-norm blocks, ln_final of the end-of-text token,
/// projection. Without the causal mask (MobileCLIP; OpenCLIP's no_causal_mask) every position attends to every other,
/// those after the end of text included, which hold id 0. CLIPA's towers (Li et al. 2023) are such, and pool the last
/// position; their texts are BERT's pieces between [CLS] and [PAD], the end. Meta CLIP 2's end with id 2.
struct TextConfig {
  Index context;     // positions, start and end tokens included
  Index vocabulary;  // ids are less than this
  Index width;
  Index layers;
  Index heads;
  Required<Activation> activation;
  Required<float> epsilon;
  Index mlp_width = 0;       // 0: 4 · width
  bool causal = true;        // whether a position attends only to itself and those before it
  Index end = -1;            // id of the end of text; -1: the vocabulary's
  Index pad = 0;             // id that fills a row; the tower reads it only without the causal mask
  bool last_pooled = false;  // CLIPA: the last position is pooled, padding or not, instead of the end of text
  bool two_tables = false;   // Long-CLIP: the first kept_positions are of a frozen table, the others of a trained one
  PrunedBlocks pruned{};     // if blocks differ; heads and mlp_width are then the largest

  /// The positions of a CLIP that Long-CLIP keeps as they were.
  static constexpr Index kept_positions = 20;

  /// Width of the MLP's hidden layer.
  constexpr Index hidden() const { return mlp_width_of(width, mlp_width); }
  /// Configuration of every residual block; what differs between blocks is dyn.
  constexpr BlockConfig block() const { return block_of_type(*this, causal); }
  /// Configuration of block i.
  constexpr BlockConfig block(Index i) const { return block_of_number(*this, causal, i); }
  /// Without the mask the tower reads what fills a row.
  constexpr RowForm row() const {
    return {.end = static_cast<std::int32_t>(end),
            .pad = static_cast<std::int32_t>(pad),
            .attends_pad = !causal,
            .spare_ids = last_pooled};
  }
  /// Whether no size is dyn.
  constexpr bool fixed() const {
    return context != dyn && vocabulary != dyn && width != dyn && layers != dyn && heads != dyn && mlp_width != dyn;
  }
  friend constexpr bool operator==(const TextConfig&, const TextConfig&) = default;
};

/// The problem of an impossible configuration, as a sentence, or null; see VitConfig.
constexpr const char* problem(const TextConfig& c) {
  if (!c.fixed()) return nullptr;
  if (c.layers > most_layers) return "TextConfig: layers must be at most 4096";
  if (!possible_extents({c.context, c.vocabulary, c.width, c.heads, c.mlp_width}))
    return "TextConfig: sizes must be at most 16777216";
  if (c.context < 2 || c.vocabulary < 2 || c.width <= 0 || c.layers < 1 || c.heads <= 0 || c.hidden() <= 0)
    return "TextConfig: sizes must be positive, context and vocabulary at least 2";
  if (c.end < -1 || c.end >= c.vocabulary || c.pad < 0 || c.pad >= c.vocabulary)
    return "TextConfig: end and pad must be ids of the vocabulary, or end -1";
  if (c.last_pooled && c.causal) return "TextConfig: a tower that pools the last position must have no causal mask";
  if (c.two_tables && c.context <= TextConfig::kept_positions)
    return "TextConfig: with two tables of positions, context must be more than 20";
  if (!c.pruned && c.width % c.heads != 0) return "TextConfig: heads must divide width";
  if (!possible_blocks(c))
    return "TextConfig: pruned blocks must be at most 32, of possible sizes, and heads and mlp_width their largest";
  if (!possible_epsilon(c.epsilon)) return "TextConfig: epsilon must be finite and not negative";
  if (values_of_blocks(c.layers, c.width, c.hidden()) +
          static_cast<double>(c.width) * static_cast<double>((c.two_tables ? 2 : 1) * c.context + c.vocabulary) >
      most_weights)
    return "TextConfig: more than 2^37 weights";
  return nullptr;
}

}  // namespace clip::inline CLIP_ABI

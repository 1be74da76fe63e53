// clip/tower/siglip_text/config.hpp: configuration of SigLIP's text transformer.
#pragma once

#include <clip/config/block.hpp>
#include <clip/config/bounds.hpp>
#include <clip/tokens/row_form.hpp>
#include <clip/tower/counting.hpp>

#include <cstdint>

namespace clip::inline CLIP_ABI {

/// SigLIP's text tower (Zhai et al. 2023; Tschannen et al. 2025): pre-norm blocks in which every position attends to
/// every other, padding included; ln_final of the last position; a projection with bias.
struct SiglipTextConfig {
  Index context;     // positions, the end token included; every text fills them
  Index vocabulary;  // ids are less than this
  Index width;
  Index layers;
  Index heads;
  Required<Activation> activation;
  Required<float> epsilon;
  Index mlp_width = 0;     // 0: 4 · width
  Index pad = 1;           // id that fills a row: 1 in SigLIP, 0 in SigLIP 2
  bool projection = true;  // without one the pooled row is the embedding (SO400M-16-i18n)

  /// Width of the MLP's hidden layer.
  constexpr Index hidden() const { return mlp_width_of(width, mlp_width); }
  /// Configuration of every residual block.
  constexpr BlockConfig block() const { return block_of(*this, false); }
  /// No start of text, id 1 at the end, then padding.
  constexpr RowForm row() const {
    return {.end = 1, .pad = static_cast<std::int32_t>(pad), .start = false, .attends_pad = true};
  }
  /// Whether no size is dyn.
  constexpr bool fixed() const {
    return context != dyn && vocabulary != dyn && width != dyn && layers != dyn && heads != dyn && mlp_width != dyn;
  }
  friend constexpr bool operator==(const SiglipTextConfig&, const SiglipTextConfig&) = default;
};

/// The problem of an impossible configuration, as a sentence, or null; see VitConfig.
constexpr const char* problem(const SiglipTextConfig& c) {
  if (!c.fixed()) return nullptr;
  if (c.layers > most_layers) return "SiglipTextConfig: layers must be at most 4096";
  if (!possible_extents({c.context, c.vocabulary, c.width, c.heads, c.mlp_width}))
    return "SiglipTextConfig: sizes must be at most 16777216";
  if (c.context < 2 || c.vocabulary < 2 || c.width <= 0 || c.layers < 1 || c.heads <= 0 || c.hidden() <= 0)
    return "SiglipTextConfig: sizes must be positive, context and vocabulary at least 2";
  if (c.pad < 0 || c.pad >= c.vocabulary) return "SiglipTextConfig: pad must be an id of the vocabulary";
  if (c.width % c.heads != 0) return "SiglipTextConfig: heads must divide width";
  if (!possible_epsilon(c.epsilon)) return "SiglipTextConfig: epsilon must be finite and not negative";
  if (values_of_blocks(c.layers, c.width, c.hidden()) +
          static_cast<double>(c.width) * static_cast<double>(c.context + c.vocabulary) >
      most_weights)
    return "SiglipTextConfig: more than 2^37 weights";
  return nullptr;
}

/// The problem of an embedding dimension with this tower, or null.
constexpr const char* problem(const SiglipTextConfig& c, Index embed_dim) {
  if (c.projection || c.width == dyn || embed_dim == dyn || c.width == embed_dim) return nullptr;
  return "SiglipTextConfig: without a projection embed_dim must be the width of the text tower";
}

}  // namespace clip::inline CLIP_ABI

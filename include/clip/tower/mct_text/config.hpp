// clip/tower/mct_text/config.hpp: configuration of MobileCLIP S0's hybrid text tower (MCt).
#pragma once

#include <clip/config/block.hpp>
#include <clip/config/bounds.hpp>
#include <clip/nn/rep_mixer_block.hpp>
#include <clip/tokens/row_form.hpp>
#include <clip/tower/counting.hpp>

namespace clip::inline CLIP_ABI {

/// MobileCLIP's hybrid text tower (Vasu et al. 2024, "MobileCLIP" §3.2): a transformer between two RepMixer blocks that
/// convolve along the text. Nothing masks what stands after the end of text, so every text fills its row with id 0.
template <bool Fused>
struct MctTextConfigOf {
  Index context;     // positions, start and end tokens included; every text fills them
  Index vocabulary;  // ids are less than this
  Index width;
  Index layers;  // residual blocks of attention, without the two RepMixer blocks
  Index heads;
  Index mlp_width = 0;  // of the residual blocks; 0: 4 · width, as in the RepMixer blocks

  /// One convolution for each group of branches, for inference: a type of its own, which is never trained.
  static constexpr bool fused = Fused;
  static constexpr Activation activation = Activation::gelu;
  static constexpr float epsilon = 1e-5f;

  /// Width of the MLP's hidden layer in a residual block.
  constexpr Index hidden() const { return mlp_width_of(width, mlp_width); }
  /// Configuration of every residual block.
  constexpr BlockConfig block() const { return block_of(*this, false); }
  /// Configuration of the first block and the last.
  constexpr RepMixerBlockConfig mixer_block() const {
    return {.width = width, .mlp_width = 4 * width, .mixer = {1, 11}, .mlp = {1, 11}};
  }
  constexpr RowForm row() const { return {.attends_pad = true}; }
  /// Whether no size is dyn.
  constexpr bool fixed() const {
    return context != dyn && vocabulary != dyn && width != dyn && layers != dyn && heads != dyn && mlp_width != dyn;
  }
  friend constexpr bool operator==(const MctTextConfigOf&, const MctTextConfigOf&) = default;
};

/// With branches, as it is trained.
using MctTextConfig = MctTextConfigOf<false>;
/// fuse() makes one from a tower with branches.
using FusedMctTextConfig = MctTextConfigOf<true>;

/// The same sizes, with branches or fused.
template <bool Fused, bool From>
constexpr MctTextConfigOf<Fused> mct_text_config(const MctTextConfigOf<From>& c) {
  return {.context = c.context,
          .vocabulary = c.vocabulary,
          .width = c.width,
          .layers = c.layers,
          .heads = c.heads,
          .mlp_width = c.mlp_width};
}

/// The problem of an impossible configuration, as a sentence, or null; see VitConfig.
template <bool Fused>
constexpr const char* problem(const MctTextConfigOf<Fused>& c) {
  if (!c.fixed()) return nullptr;
  if (c.layers > most_layers) return "MctTextConfig: layers must be at most 4096";
  if (!possible_extents({c.context, c.vocabulary, c.width, c.heads, c.mlp_width}))
    return "MctTextConfig: sizes must be at most 16777216";
  if (c.context < 2 || c.vocabulary < 2 || c.width <= 0 || c.layers < 1 || c.heads <= 0 || c.hidden() <= 0)
    return "MctTextConfig: sizes must be positive, context and vocabulary at least 2";
  if (c.width % c.heads != 0) return "MctTextConfig: heads must divide width";
  if (values_of_blocks(c.layers, c.width, c.hidden()) +
          static_cast<double>(c.width) *
              (static_cast<double>(c.context + c.vocabulary) + 16 * static_cast<double>(c.width)) >
      most_weights)
    return "MctTextConfig: more than 2^37 weights";
  return nullptr;
}

}  // namespace clip::inline CLIP_ABI

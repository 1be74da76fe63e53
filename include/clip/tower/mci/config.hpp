// clip/tower/mci/config.hpp: configuration of MobileCLIP's convolutional image towers (MCi).
#pragma once

#include <clip/config/bounds.hpp>
#include <clip/config/preprocessing.hpp>
#include <clip/core/size.hpp>

#include <algorithm>
#include <array>
#include <cstddef>

namespace clip::inline CLIP_ABI {

/// One stage of an MCi tower: its blocks, and what precedes them.
struct MciStage {
  Index layers = 0;        // blocks; 0: there is no such stage
  Index width = 0;         // channels
  Index mlp_width = 0;     // channels inside a block's MLP
  bool attention = false;  // blocks of self-attention; otherwise of RepMixer
  bool squeeze = false;    // squeeze-and-excitation in the down-sampling before it
  bool positions = false;  // a conditional position encoding before the blocks

  friend constexpr bool operator==(const MciStage&, const MciStage&) = default;
};

/// FastViT's hybrid tower as MobileCLIP uses it (Vasu et al. 2024, "MobileCLIP" §3.3; Vasu et al. 2023, "FastViT"):
/// mci0 … mci4. A stem of stride 4, four or five stages of half the grid each, a last convolution of twice the
/// channels, the mean over the pixels and a linear head.
template <bool Fused>
struct MciConfigOf {
  Index image_size;
  std::array<MciStage, 5> stages;
  bool stem_scale = true;   // the stem's 3×3 convolutions have a 1×1 branch
  bool layer_norm = false;  // attention normalises the channels of a pixel; otherwise a channel over the batch
  Index channels = 3;
  Preprocessing preprocessing{};

  /// One convolution for each group of branches, for inference: a type of its own, which is never trained.
  static constexpr bool fused = Fused;
  static constexpr double epsilon = 1e-5;
  static constexpr Index head_width = 32;

  /// The number of stages.
  constexpr Index depth() const {
    return std::count_if(stages.begin(), stages.end(), [](const MciStage& s) { return s.layers != 0; });
  }
  constexpr const MciStage& stage(Index s) const { return stages[static_cast<std::size_t>(s)]; }
  /// Channels inside squeeze-and-excitation of the down-sampling into a stage: a quarter, as a multiple of 8.
  static constexpr Index squeezed(Index width) { return std::max<Index>(8, (width + 16) / 32 * 8); }
  /// Channels of the last convolution, and inside its squeeze-and-excitation.
  constexpr Index features() const { return 2 * stage(depth() - 1).width; }
  constexpr Index features_squeezed() const { return features() / 16; }

  constexpr bool fixed() const { return image_size != dyn && stages[0].width != dyn; }
  friend constexpr bool operator==(const MciConfigOf&, const MciConfigOf&) = default;
};

/// With branches, as it is trained.
using MciConfig = MciConfigOf<false>;
/// fuse() makes one from a tower with branches.
using FusedMciConfig = MciConfigOf<true>;

/// The same sizes, with branches or fused.
template <bool Fused, bool From>
constexpr MciConfigOf<Fused> mci_config(const MciConfigOf<From>& c) {
  return {.image_size = c.image_size,
          .stages = c.stages,
          .stem_scale = c.stem_scale,
          .layer_norm = c.layer_norm,
          .channels = c.channels,
          .preprocessing = c.preprocessing};
}

/// The problem of an impossible configuration, as a sentence, or null; see VitConfig.
template <bool Fused>
constexpr const char* problem(const MciConfigOf<Fused>& c) {
  if (!c.fixed()) return nullptr;
  if (c.image_size <= 0 || c.image_size > largest_image_size) return "MciConfig: image_size must be 1 ... 32768";
  if (c.channels != 3) return "MciConfig: channels must be 3";
  bool ended = false;
  double weights = 0;
  for (const MciStage& s : c.stages) {
    if (s.layers == 0) {
      ended = true;
      continue;
    }
    if (ended) return "MciConfig: a stage without blocks must be the last";
    if (s.layers < 0 || s.layers > most_layers) return "MciConfig: a stage must have at most 4096 blocks";
    if (s.width < 1 || s.width > largest_extent || s.mlp_width < 1 || s.mlp_width > largest_extent)
      return "MciConfig: width and mlp_width must be 1 ... 16777216";
    if (s.attention && s.width % MciConfigOf<Fused>::head_width != 0)
      return "MciConfig: the width of a stage with attention must be a multiple of 32";
    weights += static_cast<double>(s.layers) * static_cast<double>(s.width) *
               (2 * static_cast<double>(s.mlp_width) + (s.attention ? 4 * static_cast<double>(s.width) : 0));
  }
  if (c.depth() == 0) return "MciConfig: at least one stage is needed";
  for (Index s = 1; s < c.depth(); ++s)
    if (c.stage(s).width % c.stage(s - 1).width != 0)
      return "MciConfig: the width of a stage must be a multiple of the width before it";
  if (weights > most_weights) return "MciConfig: more than 2^37 weights";
  return problem(c.preprocessing, c.image_size);
}

}  // namespace clip::inline CLIP_ABI

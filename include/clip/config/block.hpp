// clip/config/block.hpp: the numbers of one residual block.
#pragma once

#include <clip/config/activation.hpp>
#include <clip/config/required.hpp>
#include <clip/core/size.hpp>

namespace clip::inline CLIP_ABI {

/// What both towers hand to their blocks.
struct BlockConfig {
  Index width;
  Index heads;
  Index hidden;  // of the MLP
  bool causal = false;
  Required<Activation> activation;
  Required<float> epsilon;

  constexpr bool fixed() const { return width != dyn && heads != dyn && hidden != dyn; }
  friend constexpr bool operator==(const BlockConfig&, const BlockConfig&) = default;
};

}  // namespace clip::inline CLIP_ABI

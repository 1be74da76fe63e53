// clip/config/resnet_block.hpp: configuration of one residual block of torchvision's ResNets.
#pragma once

#include <clip/core/size.hpp>

namespace clip::inline CLIP_ABI {

/// The sizes of one block (He et al. 2016, figure 5): `in` input channels, `planes` channels of its 3×3 convolutions. A
/// basic block is two of these; a bottleneck one between two 1×1 convolutions, with 4 · planes output channels. The
/// first 3×3 convolution strides.
struct ResNetBlockConfig {
  Index in;
  Index planes;
  Index stride = 1;
  bool bottleneck = false;

  static constexpr double epsilon = 1e-5;  // of every BatchNorm

  constexpr Index out() const { return bottleneck ? 4 * planes : planes; }
  /// Whether the shortcut is a projection: the block changes the channels or the grid.
  constexpr bool projects() const { return stride != 1 || in != out(); }
  friend constexpr bool operator==(const ResNetBlockConfig&, const ResNetBlockConfig&) = default;
};

}  // namespace clip::inline CLIP_ABI

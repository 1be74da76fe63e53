// clip/config/bottleneck.hpp: configuration of one bottleneck block of a residual network.
#pragma once

#include <clip/core/size.hpp>

namespace clip::inline CLIP_ABI {

/// The sizes of one bottleneck block (He et al. 2016): `in` input channels, `planes` channels of the 3×3 convolution, 4
/// · planes output channels. A strided block strides in an average pool; the first block of a stage projects its
/// shortcut.
struct BottleneckConfig {
  Index in;
  Index planes;
  Index stride = 1;
  bool downsample = false;

  static constexpr double epsilon = 1e-5;  // of every BatchNorm

  constexpr Index out() const {
    return sized([](Index p) { return 4 * p; }, planes);
  }
  constexpr bool fixed() const { return in != dyn && planes != dyn; }
  friend constexpr bool operator==(const BottleneckConfig&, const BottleneckConfig&) = default;
};

}  // namespace clip::inline CLIP_ABI

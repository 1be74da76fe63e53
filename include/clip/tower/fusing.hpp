// clip/tower/fusing.hpp: the trait by which a family with branches of training names its fused form.
#pragma once

#include <type_traits>

namespace clip::inline CLIP_ABI {

/// Some towers are trained with branches that become one convolution each for inference (tower/mci/fuse.hpp). The two
/// forms are families of their own; Fusing<Config> maps the configuration of each to that of the other. A family that
/// has one form is both. The function `fuse(backend, tower with branches, fused tower)` translates the weights.
template <class Config>
struct Fusing {
  using Fused = Config;
  using Branched = Config;
  static constexpr Config fused(const Config& c) { return c; }
  static constexpr Config branched(const Config& c) { return c; }
};

/// A family whose towers can be fused.
template <class Config>
inline constexpr bool has_branches_v = !std::is_same_v<typename Fusing<Config>::Fused, Config>;
/// A family whose towers are fused ones.
template <class Config>
inline constexpr bool is_fused_v = !std::is_same_v<typename Fusing<Config>::Branched, Config>;

}  // namespace clip::inline CLIP_ABI

// clip/config/vit.hpp: the vision transformer as a value.
#pragma once

#include <clip/config/block.hpp>
#include <clip/config/preprocessing.hpp>

namespace clip::inline CLIP_ABI {

/// Dosovitskiy et al. 2021 as OpenAI's CLIP uses it: class token, ln_pre, pre-norm blocks, ln_post, projection.
struct VitConfig {
  Index image_size;
  Index patch_size;
  Index width;
  Index layers;
  Index heads;
  Required<Activation> activation;
  Required<float> epsilon;
  Index mlp_width = 0;  // 0: 4 · width
  Index channels = 3;
  Preprocessing preprocessing{};

  /// Patches along one side.
  constexpr Index grid() const {
    return sized([](Index s, Index p) { return p > 0 ? s / p : 0; }, image_size, patch_size);
  }
  /// Rows of one image: the class token and the patches.
  constexpr Index tokens() const {
    return sized([](Index g) { return g * g + 1; }, grid());
  }
  /// Values of one patch, as in conv1.weight.
  constexpr Index patch_values() const {
    return sized([](Index c, Index p) { return c * p * p; }, channels, patch_size);
  }
  constexpr Index hidden() const {
    return mlp_width != 0 ? mlp_width : sized([](Index w) { return 4 * w; }, width);
  }
  constexpr BlockConfig block() const {
    return {.width = width,
            .heads = heads,
            .hidden = hidden(),
            .causal = false,
            .activation = activation,
            .epsilon = epsilon};
  }
  constexpr bool fixed() const {
    return image_size != dyn && patch_size != dyn && width != dyn && layers != dyn && heads != dyn && mlp_width != dyn;
  }
  friend constexpr bool operator==(const VitConfig&, const VitConfig&) = default;
};

}  // namespace clip::inline CLIP_ABI

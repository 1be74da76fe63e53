// clip/config/text.hpp: the text transformer as a value.
#pragma once

#include <clip/config/block.hpp>

namespace clip::inline CLIP_ABI {

/// OpenAI's text tower: causal, pre-norm, pooled at the end-of-text token.
struct TextConfig {
  Index context;     // positions, start and end tokens included
  Index vocabulary;  // ids are below it
  Index width;
  Index layers;
  Index heads;
  Required<Activation> activation;
  Required<float> epsilon;
  Index mlp_width = 0;  // 0: 4 · width

  constexpr Index hidden() const {
    return mlp_width != 0 ? mlp_width : sized([](Index w) { return 4 * w; }, width);
  }
  constexpr BlockConfig block() const {
    return {.width = width,
            .heads = heads,
            .hidden = hidden(),
            .causal = true,
            .activation = activation,
            .epsilon = epsilon};
  }
  constexpr bool fixed() const {
    return context != dyn && vocabulary != dyn && width != dyn && layers != dyn && heads != dyn && mlp_width != dyn;
  }
  friend constexpr bool operator==(const TextConfig&, const TextConfig&) = default;
};

}  // namespace clip::inline CLIP_ABI

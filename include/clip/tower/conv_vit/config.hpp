// clip/tower/conv_vit/config.hpp: configuration of MobileCLIP's vision transformer with a convolutional stem.
#pragma once

#include <clip/config/block.hpp>
#include <clip/config/bounds.hpp>
#include <clip/config/preprocessing.hpp>
#include <clip/tower/counting.hpp>

#include <algorithm>

namespace clip::inline CLIP_ABI {

/// MobileCLIP-B's image tower (Vasu et al. 2024 §3.3): three convolutions in place of one make the patches (Xiao et al.
/// 2021), the class token has no position, the projection has a bias. Two implementations compute different features
/// from the same weights: Apple's pads the first convolution by one pixel and has an epsilon of 1e-5; timm's has no
/// padding and 1e-6.
struct ConvVitConfig {
  Index image_size;
  Index width;
  Index layers;
  Index heads;
  Required<Activation> activation;
  Required<float> epsilon;       // of the blocks' norms; the stem's batch norms have 1e-5
  Required<Index> stem_padding;  // of the first convolution, in pixels: 1 (Apple) or 0 (timm)
  Index mlp_width = 0;           // 0: 4 · width
  Index channels = 3;
  Preprocessing preprocessing{.interpolation = Interpolation::bilinear, .mean = {0, 0, 0}, .deviation = {1, 1, 1}};

  static constexpr double stem_epsilon = 1e-5;
  /// Side of the square of pixels for each patch: the product of the stem's strides, 4, 2 and 2.
  static constexpr Index patch_size = 16;

  /// Patches along one side.
  constexpr Index grid() const {
    return sized([](Index s) { return s / patch_size; }, image_size);
  }
  /// Rows of the table of positions: the patches.
  constexpr Index positions() const {
    return sized([](Index g) { return g * g; }, grid());
  }
  /// Rows of one image: the class token and the patches.
  constexpr Index tokens() const {
    return sized([](Index n) { return n + 1; }, positions());
  }
  /// Channels between the stem's convolutions.
  constexpr Index stem_width() const {
    return sized([](Index w) { return std::max<Index>(32, w / 4); }, width);
  }
  /// Width of the MLP's hidden layer.
  constexpr Index hidden() const { return mlp_width_of(width, mlp_width); }
  /// Configuration of every residual block.
  constexpr BlockConfig block() const { return block_of(*this, false); }
  /// Whether no size is dyn.
  constexpr bool fixed() const {
    return image_size != dyn && width != dyn && layers != dyn && heads != dyn && mlp_width != dyn;
  }
  friend constexpr bool operator==(const ConvVitConfig&, const ConvVitConfig&) = default;
};

/// The problem of an impossible configuration, as a sentence, or null; see VitConfig.
constexpr const char* problem(const ConvVitConfig& c) {
  if (!c.fixed()) return nullptr;
  if (c.image_size > largest_image_size) return "ConvVitConfig: image_size must be at most 32768";
  if (c.layers > most_layers) return "ConvVitConfig: layers must be at most 4096";
  if (!possible_extents({c.width, c.heads, c.mlp_width})) return "ConvVitConfig: sizes must be at most 16777216";
  if (c.image_size <= 0 || c.width <= 0 || c.layers < 1 || c.heads <= 0 || c.hidden() <= 0)
    return "ConvVitConfig: sizes must be positive";
  if (c.image_size % ConvVitConfig::patch_size != 0) return "ConvVitConfig: image_size must be a multiple of 16";
  if (c.width % c.heads != 0) return "ConvVitConfig: heads must divide width";
  if (c.channels != 3) return "ConvVitConfig: channels must be 3";
  if (c.stem_padding.value != 0 && c.stem_padding.value != 1)
    return "ConvVitConfig: stem_padding must be 1, as Apple's code has it, or 0, as timm's";
  if (!possible_epsilon(c.epsilon)) return "ConvVitConfig: epsilon must be finite and not negative";
  if (values_of_blocks(c.layers, c.width, c.hidden()) +
          static_cast<double>(c.width) * static_cast<double>(c.tokens() + 4 * c.stem_width()) >
      most_weights)
    return "ConvVitConfig: more than 2^37 weights";
  return problem(c.preprocessing, c.image_size);
}

}  // namespace clip::inline CLIP_ABI

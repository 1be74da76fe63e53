// clip/tower/siglip_vit/config.hpp: configuration of SigLIP's vision transformer.
#pragma once

#include <clip/config/block.hpp>
#include <clip/config/bounds.hpp>
#include <clip/config/preprocessing.hpp>
#include <clip/tower/counting.hpp>

namespace clip::inline CLIP_ABI {

/// Dosovitskiy et al. 2021 in the form of SigLIP (Zhai et al. 2023; Tschannen et al. 2025): patches with a bias and no
/// class token, pre-norm blocks, a norm of every row, attention pooling with a learned query. What is pooled is the
/// embedding: its dimension is the width.
struct SiglipVitConfig {
  Index image_size;
  Index patch_size;
  Index width;
  Index layers;
  Index heads;  // also of the pooling
  Required<Activation> activation;
  Required<float> epsilon;
  Index mlp_width = 0;  // 0: 4 · width
  Index channels = 3;
  Preprocessing preprocessing{.resize = ResizeMode::squash, .mean = inception_mean, .deviation = inception_deviation};

  /// Whole patches along one side; pixels beyond them are not seen.
  constexpr Index grid() const {
    return sized([](Index s, Index p) { return p > 0 ? s / p : 0; }, image_size, patch_size);
  }
  /// Rows of one image.
  constexpr Index tokens() const {
    return sized([](Index g) { return g * g; }, grid());
  }
  /// Values of one patch, as in conv1.weight.
  constexpr Index patch_values() const {
    return sized([](Index c, Index p) { return c * p * p; }, channels, patch_size);
  }
  /// Width of the MLP's hidden layer.
  constexpr Index hidden() const { return mlp_width_of(width, mlp_width); }
  /// Configuration of every residual block, and of the pooling.
  constexpr BlockConfig block() const { return block_of(*this, false); }
  /// Whether no size is dyn.
  constexpr bool fixed() const {
    return image_size != dyn && patch_size != dyn && width != dyn && layers != dyn && heads != dyn && mlp_width != dyn;
  }
  friend constexpr bool operator==(const SiglipVitConfig&, const SiglipVitConfig&) = default;
};

/// The problem of an impossible configuration, as a sentence, or null; see VitConfig.
constexpr const char* problem(const SiglipVitConfig& c) {
  if (!c.fixed()) return nullptr;
  if (c.image_size > largest_image_size || c.patch_size > largest_image_size)
    return "SiglipVitConfig: image_size and patch_size must be at most 32768";
  if (c.layers > most_layers) return "SiglipVitConfig: layers must be at most 4096";
  if (!possible_extents({c.width, c.heads, c.mlp_width})) return "SiglipVitConfig: sizes must be at most 16777216";
  if (c.image_size <= 0 || c.patch_size <= 0 || c.width <= 0 || c.layers < 1 || c.heads <= 0 || c.hidden() <= 0)
    return "SiglipVitConfig: sizes must be positive";
  if (c.image_size < c.patch_size) return "SiglipVitConfig: patch_size must be at most image_size";
  if (c.width % c.heads != 0) return "SiglipVitConfig: heads must divide width";
  if (c.channels != 3) return "SiglipVitConfig: channels must be 3";
  if (!possible_epsilon(c.epsilon)) return "SiglipVitConfig: epsilon must be finite and not negative";
  if (values_of_blocks(c.layers + 1, c.width, c.hidden()) +
          static_cast<double>(c.width) * static_cast<double>(c.tokens() + c.patch_values()) >
      most_weights)
    return "SiglipVitConfig: more than 2^37 weights";
  return problem(c.preprocessing, c.image_size);
}

/// The problem of an embedding dimension with this tower, or null.
constexpr const char* problem(const SiglipVitConfig& c, Index embed_dim) {
  if (c.width == dyn || embed_dim == dyn || c.width == embed_dim) return nullptr;
  return "SiglipVitConfig: embed_dim must be the width of the image tower, which has no projection";
}

}  // namespace clip::inline CLIP_ABI

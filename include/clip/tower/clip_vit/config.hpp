// clip/tower/clip_vit/config.hpp: configuration of OpenAI's vision transformer.
#pragma once

#include <clip/config/block.hpp>
#include <clip/config/bounds.hpp>
#include <clip/config/pos_cnn.hpp>
#include <clip/config/preprocessing.hpp>
#include <clip/config/pruned_blocks.hpp>
#include <clip/tower/counting.hpp>

namespace clip::inline CLIP_ABI {

/// Dosovitskiy et al. 2021 in the form of OpenAI's CLIP: class token, ln_pre, pre-norm blocks, ln_post, projection.
/// With a bias of the projection it is timm's form of the same tower (MobileCLIP 2 L-14). CLIPA's towers (Li et al.
/// 2023) have no ln_pre and pool the mean of the patches, without the class token, before ln_post.
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
  bool projection_bias = false;
  bool mean_pooled = false;  // CLIPA: no ln_pre; ln_post of the mean of the patches
  bool plain = false;        // a bias of the patches and no ln_pre: timm's vit_base_patch16_224 (BiomedCLIP)
  PrunedBlocks pruned{};     // if blocks differ; heads and mlp_width are then the largest
  PosCnnConfig pos_cnn{};    // modules between blocks, which reduce the patches

  /// Patches along one side.
  constexpr Index grid() const {
    return sized([](Index s, Index p) { return p > 0 ? s / p : 0; }, image_size, patch_size);
  }
  /// Rows of one image: the class token and the patches.
  constexpr Index tokens() const {
    return sized([](Index g) { return g * g + 1; }, grid());
  }
  /// Rows of one image after block i and the module that may follow it.
  constexpr Index tokens_after(Index block) const {
    return pos_cnn
               ? sized([&](Index g) { return pos_cnn.side_after(g, block) * pos_cnn.side_after(g, block) + 1; }, grid())
               : tokens();
  }
  /// Values of one patch, as in conv1.weight.
  constexpr Index patch_values() const {
    return sized([](Index c, Index p) { return c * p * p; }, channels, patch_size);
  }
  /// Width of the MLP's hidden layer.
  constexpr Index hidden() const { return mlp_width_of(width, mlp_width); }
  /// Configuration of every residual block; what differs between blocks is dyn.
  constexpr BlockConfig block() const { return block_of_type(*this, false); }
  /// Configuration of block i.
  constexpr BlockConfig block(Index i) const { return block_of_number(*this, false, i); }
  /// Whether no size is dyn.
  constexpr bool fixed() const {
    return image_size != dyn && patch_size != dyn && width != dyn && layers != dyn && heads != dyn && mlp_width != dyn;
  }
  friend constexpr bool operator==(const VitConfig&, const VitConfig&) = default;
};

/// The problem of an impossible configuration, as a sentence, or null: the same for static_assert and for errors at run
/// time. Ignores sizes known only at run time (dyn).
constexpr const char* problem(const VitConfig& c) {
  if (!c.fixed()) return nullptr;
  if (c.image_size > largest_image_size || c.patch_size > largest_image_size)
    return "VitConfig: image_size and patch_size must be at most 32768";
  if (c.layers > most_layers) return "VitConfig: layers must be at most 4096";
  if (!possible_extents({c.width, c.heads, c.mlp_width})) return "VitConfig: sizes must be at most 16777216";
  if (c.image_size <= 0 || c.patch_size <= 0 || c.width <= 0 || c.layers < 1 || c.heads <= 0 || c.hidden() <= 0)
    return "VitConfig: sizes must be positive";
  if (c.image_size % c.patch_size != 0) return "VitConfig: patch_size must divide image_size";
  if (!c.pruned && c.width % c.heads != 0) return "VitConfig: heads must divide width";
  if (!possible_blocks(c))
    return "VitConfig: pruned blocks must be at most 32, of possible sizes, and heads and mlp_width their largest";
  if (c.channels != 3) return "VitConfig: channels must be 3";
  if (c.plain && c.mean_pooled) return "VitConfig: plain or mean_pooled, not both";
  if (const char* const wrong = problem(c.pos_cnn, c.width, c.layers)) return wrong;
  if (!possible_epsilon(c.epsilon)) return "VitConfig: epsilon must be finite and not negative";
  if (values_of_blocks(c.layers, c.width, c.hidden()) +
          static_cast<double>(c.width) * static_cast<double>(c.tokens() + c.patch_values()) >
      most_weights)
    return "VitConfig: more than 2^37 weights";
  return problem(c.preprocessing, c.image_size);
}

}  // namespace clip::inline CLIP_ABI

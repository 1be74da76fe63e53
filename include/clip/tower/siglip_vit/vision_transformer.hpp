// clip/tower/siglip_vit/vision_transformer.hpp: SigLIP's vision transformer: images to embeddings.
#pragma once

#include <clip/nn/probe_pool.hpp>
#include <clip/nn/transformer.hpp>
#include <clip/nn/xavier_blocks.hpp>
#include <clip/ops/patches.hpp>
#include <clip/tower/passes.hpp>
#include <clip/tower/siglip_vit/config.hpp>
#include <clip/tower/tower.hpp>

namespace clip::inline CLIP_ABI {

/// SigLIP's vision transformer (Zhai et al. 2023; the architecture is Zhai et al. 2022's), with OpenAI's names for the
/// parts that OpenAI's has.
template <SiglipVitConfig C, Index Embed, Backend B, class Blocks = Residual>
struct SiglipVisionTransformer {
  static_assert(problem(C) == nullptr, "SiglipVitConfig: sizes must be positive, channels 3, heads a divisor of width");
  static_assert(problem(C, Embed) == nullptr,
                "SiglipVitConfig: embed_dim must be the width of the image tower, which has no projection");
  using T = typename B::Scalar;

  [[no_unique_address]] Known<C> config;
  [[no_unique_address]] Size<Embed> embed_dim;
  Parameter<T> conv1_weight{Parameter<T>{{config->width, config->channels, config->patch_size, config->patch_size},
                                         Init::normal(inverse_root(config->patch_values())),  // LeCun et al. 1998
                                         Use::linear}
                                .stretched(Stretch::kernel)};
  Parameter<T> conv1_bias{{config->width}, Init::zeros()};
  Parameter<T> positional_embedding{
      Parameter<T>{{config->tokens(), config->width}, Init::normal(inverse_root(config->width))}.stretched(
          Stretch::square)};
  Transformer<C.block(), C.layers, B, Blocks> transformer{config->layers, config->block()};
  LayerNorm<B, C.width> ln_post{config->width, config->epsilon};
  ProbePool<B, C.block()> attn_pool{Known<C.block()>{config->block()}};

  constexpr SiglipVisionTransformer(Known<C> config_ = {}, Size<Embed> embed_dim_ = {})
      : config{config_}, embed_dim{embed_dim_} {
    if (const char* const sentence = problem(*config, embed_dim))
      raise(OptionError{"config", sentence}.with_id("clip.option.config"));
    const Init stacked = attn_pool.attn.in_proj_weight.init;  // of the pooling's q, k and v as one matrix
    initialise_by_xavier<T>(transformer);
    initialise_by_xavier<T>(attn_pool);
    attn_pool.attn.in_proj_weight.init = stacked;
    attn_pool.attn.out_proj.weight.init = Init::normal(inverse_root(config->width));
  }

  static constexpr void members(auto& self, auto&& visit) {
    visit("conv1.weight", self.conv1_weight);
    visit("conv1.bias", self.conv1_bias);
    visit("positional_embedding", self.positional_embedding);
    visit("transformer", self.transformer);
    visit("ln_post", self.ln_post);
    visit("attn_pool", self.attn_pool);
  }

  /// images : (n, channels · image_size²) → (n, Embed), not normalised
  template <class Cx>
  Rows<Cx, Embed> operator()(Cx& cx, Rows<Cx, dyn> images) const {
    const Sequences& sequences = arranged(cx, images.rows());
    const auto x = transformer.rows(cx, embed(cx, images, sequences), sequences, depth());
    return attn_pool(cx, ln_post(cx, x), sequences);
  }

  /// The number of blocks.
  Index depth() const { return transformer.depth(); }
  /// Images per inference pass.
  Index images_at_once() const { return detail::images_per_pass<B>(config->tokens()); }

  /// Every row after the first `layers` blocks, 0 to depth(): (n · tokens, width)
  template <class Cx>
  Rows<Cx, C.width> states(Cx& cx, Rows<Cx, dyn> images, Index layers) const {
    const Sequences& sequences = arranged(cx, images.rows());
    return transformer.rows(cx, embed(cx, images, sequences), sequences, layers);
  }

 private:
  /// Input of the first block, patches plus positions: (n · tokens, width)
  template <class Cx>
  Rows<Cx, C.width> embed(Cx& cx, Rows<Cx, dyn> images, const Sequences& sequences) const {
    constexpr Index values = C.patch_values();
    const Size<C.width> width{config->width};
    const auto pixels = patches(cx, images, config->channels, config->image_size, config->patch_size,
                                Size<values>{config->patch_values()});  // (n g², channels p²)
    const Rows<Cx, C.width> positions =
        cx.apply(GatherOp{sequences.positions()}, sequences.rows(), width, positional_embedding);  // (n g², width)
    return linear(cx, pixels, width, conv1_weight, conv1_bias, positions);
  }

  /// The sequences of n images: each has tokens() rows. The pooled one stands for its sequence: no row is picked.
  template <class Cx>
  const Sequences& arranged(Cx& cx, Index n) const {
    return detail::image_sequences(cx, n, config->tokens());
  }
};

template <>
struct Tower<SiglipVitConfig> {
  template <SiglipVitConfig C, Index Embed, class B, class Blocks>
  using type = SiglipVisionTransformer<C, Embed, B, Blocks>;

  static constexpr SiglipVitConfig dynamic{.image_size = dyn,
                                           .patch_size = dyn,
                                           .width = dyn,
                                           .layers = dyn,
                                           .heads = dyn,
                                           .activation = Activation::gelu_tanh,
                                           .epsilon = 1e-6f,
                                           .mlp_width = dyn};
};

}  // namespace clip::inline CLIP_ABI

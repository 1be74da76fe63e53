// clip/tower/clip_vit/vision_transformer.hpp: OpenAI's vision transformer: images to embeddings.
#pragma once

#include <clip/nn/linear.hpp>
#include <clip/nn/patch_mean.hpp>
#include <clip/nn/transformer.hpp>
#include <clip/ops/patches.hpp>
#include <clip/ops/tokens.hpp>
#include <clip/tower/clip_vit/config.hpp>
#include <clip/tower/passes.hpp>
#include <clip/tower/tower.hpp>

namespace clip::inline CLIP_ABI {

/// OpenAI's VisionTransformer (Dosovitskiy et al. 2021; Radford et al. 2021 §2.4), with the member names of its
/// checkpoints.
template <VitConfig C, Index Embed, Backend B, class Blocks = Residual>
struct VisionTransformer {
  static_assert(!C.fixed() || (C.image_size > 0 && C.patch_size > 0 && C.width > 0 && C.layers > 0 && C.heads > 0),
                "VitConfig: sizes must be positive");
  static_assert(!C.fixed() || C.image_size % C.patch_size == 0, "VitConfig: patch_size must divide image_size");
  static_assert(!C.fixed() || C.pruned || C.width % C.heads == 0, "VitConfig: heads must divide width");
  static_assert(problem(C) == nullptr, "VitConfig: channels must be 3, epsilon finite and not negative");
  using T = typename B::Scalar;

  [[no_unique_address]] Known<C> config;
  [[no_unique_address]] Size<Embed> embed_dim;
  Parameter<T> class_embedding{{config->width}, Init::normal(inverse_root(config->width))};
  Parameter<T> positional_embedding{
      Parameter<T>{{config->tokens(), config->width}, Init::normal(inverse_root(config->width))}.stretched(
          Stretch::grid)};
  Parameter<T> conv1{{config->width, config->channels, config->patch_size, config->patch_size},
                     fan_in(config->patch_values()),
                     Use::linear};
  Parameter<T> conv1_bias{{config->width}, fan_in(config->patch_values())};  // of a plain tower
  LayerNorm<B, C.width> ln_pre{config->width, config->epsilon};
  Transformer<C.block(), C.layers, B, Blocks> transformer{config->layers,
                                                          [c = *config](Index i) { return c.block(i); }};
  LayerNorm<B, C.width> ln_post{config->width, config->epsilon};
  Parameter<T> proj{{config->width, embed_dim}, Init::normal(inverse_root(config->width)), Use::project};
  Linear<B, C.width, Embed> head{config->width, embed_dim};  // instead of proj, with projection_bias

  constexpr VisionTransformer(Known<C> config_ = {}, Size<Embed> embed_dim_ = {})
      : config{config_}, embed_dim{embed_dim_} {
    head.weight.init = proj.init;
    head.bias.init = Init::zeros();
  }

  static constexpr void members(auto& self, auto&& visit) {
    visit("class_embedding", self.class_embedding);
    visit("positional_embedding", self.positional_embedding);
    visit("conv1.weight", self.conv1);
    if (self.config->plain) visit("conv1.bias", self.conv1_bias);
    else if (!self.config->mean_pooled) visit("ln_pre", self.ln_pre);
    visit("transformer", self.transformer);
    visit("ln_post", self.ln_post);
    if (self.config->projection_bias) visit("proj", self.head);
    else visit("proj", self.proj);
  }

  /// images : (n, channels · image_size²) → (n, Embed), not normalised
  template <class Cx>
  Rows<Cx, Embed> operator()(Cx& cx, Rows<Cx, dyn> images) const {
    const Sequences& sequences = arranged(cx, images.rows());
    const auto x = config->mean_pooled
                       ? patch_mean(cx, transformer.rows(cx, embed(cx, images), sequences, depth()), config->grid())
                       : transformer.pooled(cx, embed(cx, images), sequences);  // (n, width): the class tokens
    const auto y = ln_post(cx, x);
    return config->projection_bias ? head(cx, y) : project(cx, y, embed_dim, proj);
  }

  /// The number of blocks.
  Index depth() const { return transformer.depth(); }
  /// Images per pass, so that activations stay in the last-level cache.
  Index images_at_once() const { return detail::images_per_pass(config->tokens()); }

  /// Every row after the first `layers` blocks, 0 to depth(): (n · tokens, width)
  template <class Cx>
  Rows<Cx, C.width> states(Cx& cx, Rows<Cx, dyn> images, Index layers) const {
    return transformer.rows(cx, embed(cx, images), arranged(cx, images.rows()), layers);
  }

 private:
  /// Input of the first block: (n · tokens, width)
  template <class Cx>
  Rows<Cx, C.width> embed(Cx& cx, Rows<Cx, dyn> images) const {
    constexpr Index values = C.patch_values();
    const auto pixels = patches(cx, images, config->channels, config->image_size, config->patch_size,
                                Size<values>{config->patch_values()});  // (n g², channels p²)
    const Size<C.width> width{config->width};
    const auto x = config->plain ? linear(cx, pixels, width, conv1, conv1_bias) : linear(cx, pixels, width, conv1, absent);
    const auto placed = tokens(cx, x, class_embedding, positional_embedding);  // x : (n g², width)
    return config->plain || config->mean_pooled ? placed : ln_pre(cx, placed);
  }

  /// The sequences of n images: each has tokens() rows, the class token first, which is pooled.
  template <class Cx>
  const Sequences& arranged(Cx& cx, Index n) const {
    return detail::image_sequences(cx, n, config->tokens());
  }
};

template <>
struct Tower<VitConfig> {
  template <VitConfig C, Index Embed, class B, class Blocks>
  using type = VisionTransformer<C, Embed, B, Blocks>;

  static constexpr VitConfig dynamic{.image_size = dyn,
                                     .patch_size = dyn,
                                     .width = dyn,
                                     .layers = dyn,
                                     .heads = dyn,
                                     .activation = Activation::quick_gelu,
                                     .epsilon = 1e-5f,
                                     .mlp_width = dyn};
};

}  // namespace clip::inline CLIP_ABI

// clip/tower/clip_vit/vision_transformer.hpp: OpenAI's vision transformer: images to embeddings.
#pragma once

#include <clip/nn/linear.hpp>
#include <clip/nn/patch_mean.hpp>
#include <clip/nn/pos_cnn.hpp>
#include <clip/nn/transformer.hpp>
#include <clip/ops/patches.hpp>
#include <clip/ops/tokens.hpp>
#include <clip/tower/clip_vit/config.hpp>
#include <clip/tower/passes.hpp>
#include <clip/tower/patch_dropout.hpp>
#include <clip/tower/tower.hpp>

#include <type_traits>

namespace clip::inline CLIP_ABI {

namespace detail {
/// Whether a family of blocks has a module of its own between them.
template <VitConfig C, class B, class Blocks>
inline constexpr bool has_own_between = requires {
  typename Blocks::template between<B, C.block()>;
};

/// The family of a tower's blocks: with PosCNNs between them where the configuration may ask for them.
template <VitConfig C, class B, class Blocks>
using VitBlocks =
    std::conditional_t<(C.fixed() && !C.pos_cnn) || has_own_between<C, B, Blocks>, Blocks, WithPosCnn<Blocks>>;
}  // namespace detail

/// OpenAI's VisionTransformer (Dosovitskiy et al. 2021; Radford et al. 2021 §2.4), with the member names of its
/// checkpoints.
template <VitConfig C, Index Embed, Backend B, class Blocks = Residual>
struct VisionTransformer {
  static_assert(!C.fixed() || (C.image_size > 0 && C.patch_size > 0 && C.width > 0 && C.layers > 0 && C.heads > 0),
                "VitConfig: sizes must be positive");
  static_assert(!C.fixed() || C.image_size % C.patch_size == 0, "VitConfig: patch_size must divide image_size");
  static_assert(!C.fixed() || C.pruned || C.width % C.heads == 0, "VitConfig: heads must divide width");
  static_assert(problem(C.pos_cnn, C.width == dyn ? 8 : C.width, C.layers == dyn ? most_layers : C.layers) == nullptr,
                "VitConfig: a PosCNN needs a stride of 1 or 2, a block after it, and a width that is a multiple of 8");
  static_assert(!C.pos_cnn || !detail::has_own_between<C, B, Blocks>,
                "VitConfig: pos_cnn, and blocks with a module of their own between them: one of the two");
  static_assert(problem(C) == nullptr, "VitConfig: channels must be 3, epsilon finite and not negative");
  using T = typename B::Scalar;

  [[no_unique_address]] Known<C> config;
  [[no_unique_address]] Size<Embed> embed_dim;
  Parameter<T> class_embedding{{config->width}, Init::normal(inverse_root(config->width))};
  Parameter<T> positional_embedding{
      Parameter<T>{{config->tokens(), config->width}, Init::normal(inverse_root(config->width))}.stretched(
          Stretch::grid)};
  Parameter<T> conv1{Parameter<T>{{config->width, config->channels, config->patch_size, config->patch_size},
                                  fan_in(config->patch_values()),
                                  Use::linear}
                         .stretched(Stretch::kernel)};
  Parameter<T> conv1_bias{{config->width}, fan_in(config->patch_values())};  // of a plain tower
  LayerNorm<B, C.width> ln_pre{config->width, config->epsilon};
  Transformer<C.block(), C.layers, B, detail::VitBlocks<C, B, Blocks>> transformer{
      config->layers, [c = *config](Index i) { return c.block(i); }, config->pos_cnn};
  LayerNorm<B, C.width> ln_post{config->width, config->epsilon};
  Parameter<T> proj{{config->width, embed_dim}, Init::normal(inverse_root(config->width)), Use::project};
  Linear<B, C.width, Embed> head{config->width, embed_dim};  // instead of proj, with projection_bias

  constexpr VisionTransformer(Known<C> config_ = {}, Size<Embed> embed_dim_ = {})
      : config{config_}, embed_dim{embed_dim_} {
    head.weight.init = proj.init;
    head.bias.init = Init::zeros();
    if constexpr (detail::has_own_between<C, B, Blocks>)
      if (config->pos_cnn)
        raise(OptionError{"VisionTransformer", "pos_cnn", "none beside blocks with a module of their own between them",
                          "some"});
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

  /// images : (n, channels · image_size²) → (n, Embed), not normalised. `after` is AfterBlocks{f} (nn/transformer.hpp),
  /// or nothing. A tape may leave patches out (TapeOptions::patch_dropout). OptionError: it asks for that where the
  /// tower needs the whole grid of patches.
  template <class Cx, class... After>
  Rows<Cx, Embed> operator()(Cx& cx, Rows<Cx, dyn> images, const After&... after) const {
    const Sequences* sequences = &arranged(cx, images.rows());
    auto tokens = embed(cx, images);
    if constexpr (Cx::recording)
      if (cx.patch_dropout() > 0) tokens = without_some_patches(cx, tokens, sequences);
    const auto x = config->mean_pooled ? mean(cx, transformer.rows(cx, tokens, *sequences, depth(), after...))
                                       : transformer.pooled(cx, tokens, *sequences, after...);
    const auto y = ln_post(cx, x);  // x : (n, width), the class tokens or the means
    return config->projection_bias ? head(cx, y) : project(cx, y, embed_dim, proj);
  }

  /// The number of blocks.
  Index depth() const { return transformer.depth(); }
  /// Images per inference pass.
  Index images_at_once() const { return detail::images_per_pass<B>(config->tokens()); }

  /// Every row after the first `layers` blocks, 0 to depth(), and the modules between them: (n · tokens, width), of the
  /// tokens that there are then
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
    const auto x =
        config->plain ? linear(cx, pixels, width, conv1, conv1_bias) : linear(cx, pixels, width, conv1, absent);
    const auto placed = tokens(cx, x, class_embedding, positional_embedding);  // x : (n g², width)
    return config->plain || config->mean_pooled ? placed : ln_pre(cx, placed);
  }

  /// A random subset of the rows, and its sequences. Norms are per row: it makes no difference that this comes after
  /// ln_pre.
  template <class Cx>
  Rows<Cx, C.width> without_some_patches(Cx& cx, Rows<Cx, C.width> x, const Sequences*& sequences) const {
    if (config->mean_pooled || config->pos_cnn || detail::has_own_between<C, B, Blocks>)
      raise(OptionError{"VisionTransformer", "patch_dropout",
                        "0 for a tower that needs the whole grid of patches (a mean of them, modules between blocks)",
                        cx.patch_dropout()});
    return detail::kept_patches(cx, x, config->tokens(), sequences);
  }

  /// The mean of the patches of every image after the last block: (n, width)
  template <class Cx>
  Rows<Cx, C.width> mean(Cx& cx, Rows<Cx, C.width> rows) const {
    const Index last = config->layers - 1;
    return patch_mean(cx, rows, config->pos_cnn ? config->pos_cnn.side_after(config->grid(), last) : config->grid());
  }

  /// The sequences of n images: each has tokens() rows, the class token first, which is pooled.
  template <class Cx>
  const Sequences& arranged(Cx& cx, Index n) const {
    return detail::image_sequences(cx, n, config->tokens());
  }
};

template <>
struct Tower<VitConfig> {
  static constexpr bool takes_blocks = true;

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

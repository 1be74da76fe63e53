// clip/tower/conv_vit/vision_transformer.hpp: MobileCLIP's vision transformer with a convolutional stem: images to
// embeddings.
#pragma once

#include <clip/autograd/walk.hpp>
#include <clip/nn/linear.hpp>
#include <clip/nn/transformer.hpp>
#include <clip/ops/tokens.hpp>
#include <clip/tower/conv_vit/config.hpp>
#include <clip/tower/conv_vit/stem.hpp>
#include <clip/tower/passes.hpp>
#include <clip/tower/tower.hpp>

#include <string_view>

namespace clip::inline CLIP_ABI {

/// MobileCLIP-B's image tower, with OpenAI's names for the parts that OpenAI's has. Initial weights are timm's.
template <ConvVitConfig C, Index Embed, Backend B, class Blocks = Residual>
struct ConvVisionTransformer {
  static_assert(problem(C) == nullptr,
                "ConvVitConfig: sizes must be positive, image_size a multiple of 16, heads a divisor of width, "
                "stem_padding 0 or 1");
  using T = typename B::Scalar;

  [[no_unique_address]] Known<C> config;
  [[no_unique_address]] Size<Embed> embed_dim;
  Parameter<T> class_embedding{{config->width}, Init::normal(1e-6)};
  Parameter<T> positional_embedding{
      Parameter<T>{{config->positions(), config->width}, Init::normal(0.02)}.stretched(Stretch::square)};
  ConvStem<B> stem{*config};
  Transformer<C.block(), C.layers, B, Blocks> transformer{config->layers, config->block()};
  LayerNorm<B, C.width> ln_post{config->width, config->epsilon};
  Linear<B, C.width, Embed> proj{config->width, embed_dim};

  constexpr ConvVisionTransformer(Known<C> config_ = {}, Size<Embed> embed_dim_ = {})
      : config{config_}, embed_dim{embed_dim_} {
    initialise(transformer);
    initialise(proj);
  }

  static constexpr void members(auto& self, auto&& visit) {
    visit("class_embedding", self.class_embedding);
    visit("positional_embedding", self.positional_embedding);
    visit("stem", self.stem);
    visit("transformer", self.transformer);
    visit("ln_post", self.ln_post);
    visit("proj", self.proj);
  }

  /// images : (n, channels · image_size²) → (n, Embed), not normalised
  template <class Cx>
  Rows<Cx, Embed> operator()(Cx& cx, Rows<Cx, dyn> images) const {
    const Sequences& sequences = arranged(cx, images.rows());
    const auto x = transformer.pooled(cx, embed(cx, images), sequences);  // (n, width): the class tokens
    return proj(cx, ln_post(cx, x));
  }

  /// The number of blocks.
  Index depth() const { return transformer.depth(); }
  /// Images per inference pass.
  Index images_at_once() const { return detail::images_per_pass<B>(config->tokens()); }

  /// Every row after the first `layers` blocks, 0 to depth(): (n · tokens, width)
  template <class Cx>
  Rows<Cx, C.width> states(Cx& cx, Rows<Cx, dyn> images, Index layers) const {
    return transformer.rows(cx, embed(cx, images), arranged(cx, images.rows()), layers);
  }

 private:
  /// Matrices N(0.02), their biases 0.
  static constexpr void initialise(auto& part) {
    visit_parameters(part, [](std::string_view name, Parameter<T>& p) {
      if (p.shape.rank == 2) p.init = Init::normal(0.02);
      else if (name.find("ln_") == name.npos) p.init = Init::zeros();
    });
  }

  /// Input of the first block: the class token, and the patches plus positions: (n · tokens, width)
  template <class Cx>
  Rows<Cx, C.width> embed(Cx& cx, Rows<Cx, dyn> images) const {
    const Rows<Cx, C.width> x{stem(cx, images)};  // (n g², width)
    return tokens_after(cx, x, class_embedding, positional_embedding);
  }

  /// The sequences of n images: each has tokens() rows, the class token first, which is pooled.
  template <class Cx>
  const Sequences& arranged(Cx& cx, Index n) const {
    return detail::image_sequences(cx, n, config->tokens());
  }
};

template <>
struct Tower<ConvVitConfig> {
  template <ConvVitConfig C, Index Embed, class B, class Blocks>
  using type = ConvVisionTransformer<C, Embed, B, Blocks>;

  static constexpr ConvVitConfig dynamic{.image_size = dyn,
                                         .width = dyn,
                                         .layers = dyn,
                                         .heads = dyn,
                                         .activation = Activation::gelu,
                                         .epsilon = 1e-6f,
                                         .stem_padding = 0,
                                         .mlp_width = dyn};
};

}  // namespace clip::inline CLIP_ABI

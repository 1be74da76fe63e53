// clip/nn/rep_mixer_block.hpp: FastViT's RepMixer block and its convolutional MLP, for images and for texts.
#pragma once

#include <clip/nn/linear.hpp>
#include <clip/nn/mobile_one.hpp>
#include <clip/ops/feed_forward.hpp>
#include <clip/ops/tables.hpp>

namespace clip::inline CLIP_ABI {

/// fc2(gelu(fc1(bn(conv(x))))), a depthwise convolution and two pointwise ones. x, y : (pixels of `grid`, width)
template <Backend B>
struct ConvMlp {
  using T = typename B::Scalar;
  ConvNorm<B> conv;
  Linear<B, dyn, dyn> fc1, fc2;

  constexpr ConvMlp(Index width, Index hidden, CentredWindow window)
      : conv{{width, width, window, true}}, fc1{Size<dyn>{width}, Size<dyn>{hidden}}, fc2{Size<dyn>{hidden},
                                                                                          Size<dyn>{width}} {
    fc1.weight.shape = {hidden, width, 1, 1};
    fc2.weight.shape = {width, hidden, 1, 1};
  }

  static constexpr void members(auto& self, auto&& visit) {
    visit("conv", self.conv);
    visit("fc1", self.fc1);
    visit("fc2", self.fc2);
  }

  /// residual + γ ⊙ mlp(x). Inference writes the result to `dead`, whose values nobody reads afterwards.
  template <class Cx>
  Rows<Cx, dyn> scaled(Cx& cx, Rows<Cx, dyn> x, Grid grid, const Parameter<T>& gamma, Rows<Cx, dyn> residual,
                       Rows<Cx, dyn> dead) const {
    return scaled_pointwise(cx, conv(cx, x, grid), gamma, residual, dead);
  }

  /// The same of rows that have passed the convolution.
  template <class Cx>
  Rows<Cx, dyn> scaled_pointwise(Cx& cx, Rows<Cx, dyn> x, const Parameter<T>& gamma, Rows<Cx, dyn> residual,
                                 Rows<Cx, dyn> dead) const {
    if constexpr (Cx::recording) return layer_scale(cx, fc2(cx, fc1.with(cx, fn::Gelu{}, x)), gamma, residual);
    else return scaled_mlp<fn::Gelu>(cx, x, fc1.weight, fc1.bias, fc2.weight, fc2.bias, gamma, residual, dead);
  }
};

/// Sizes of a RepMixer block: channels, those inside its MLP, and the windows of the two depthwise convolutions. The
/// places of texts are pixels of an image that is one pixel high.
struct RepMixerBlockConfig {
  Index width, mlp_width;
  CentredWindow mixer{3, 3}, mlp{7, 7};
};

/// t = mixer(x),  y = t + γ ⊙ mlp(t)  (Vasu et al. 2023, "FastViT")          x, y : (pixels of `grid`, width)
template <Backend B, bool Fused>
struct RepMixerBlock {
  using T = typename B::Scalar;
  RepMixer<B, Fused> token_mixer;
  ConvMlp<B> mlp;
  Parameter<T> gamma;

  constexpr RepMixerBlock(const RepMixerBlockConfig& c)
      : token_mixer{c.width, c.mixer}, mlp{c.width, c.mlp_width, c.mlp}, gamma{{c.width, 1, 1}, Init::constant(1e-5)} {}

  static constexpr void members(auto& self, auto&& visit) {
    visit("token_mixer", self.token_mixer);
    visit("mlp", self.mlp);
    visit("layer_scale.gamma", self.gamma);
  }

  /// Inference overwrites x.
  template <class Cx>
  Rows<Cx, dyn> operator()(Cx& cx, Rows<Cx, dyn> x, Grid grid) const {
    const auto t = token_mixer(cx, x, grid);
    return mlp.scaled(cx, t, grid, gamma, t, x);
  }

  /// The rows `pooled` of y: the pointwise layers compute only these.          result : (pooled, width)
  template <class Cx>
  Rows<Cx, dyn> pooled(Cx& cx, Rows<Cx, dyn> x, Grid grid, Ids pooled) const {
    const auto t = token_mixer(cx, x, grid);
    const auto residual = gather(cx, t, pooled);
    return mlp.scaled_pointwise(cx, gather(cx, mlp.conv(cx, t, grid), pooled), gamma, residual, residual);
  }
};

}  // namespace clip::inline CLIP_ABI

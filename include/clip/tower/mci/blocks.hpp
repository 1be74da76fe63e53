// clip/tower/mci/blocks.hpp: blocks of an MCi tower: attention block, down-sampling, positions, stage.
#pragma once

#include <clip/nn/layer_norm.hpp>
#include <clip/nn/layers.hpp>
#include <clip/nn/rep_mixer_block.hpp>
#include <clip/ops/attention.hpp>
#include <clip/tower/mci/config.hpp>

#include <algorithm>

namespace clip::inline CLIP_ABI {

/// Sizes of one block of attention.
struct MciBlockConfig {
  Index width, mlp_width;
  bool layer_norm = false;
};

/// t = x + γ₁ ⊙ proj(attention(norm(x))),  y = t + γ₂ ⊙ mlp(t); the sequences are the pixels of each image.
///   x, y : (pixels of `grid`, width)
template <Backend B>
struct MciAttentionBlock {
  using T = typename B::Scalar;
  MciBlockConfig config;
  BatchNorm<B, dyn> batch_norm;
  LayerNorm<B, dyn> layer_norm;
  Parameter<T> qkv;
  Linear<B, dyn, dyn> proj;
  Parameter<T> gamma1, gamma2;
  ConvMlp<B> mlp;

  constexpr MciAttentionBlock(const MciBlockConfig& c)
      : config{c}, batch_norm{Size<dyn>{c.width}, MciConfig::epsilon},
        layer_norm{Size<dyn>{c.width}, static_cast<float>(MciConfig::epsilon)},
        qkv{{3 * c.width, c.width}, fan_in(c.width), Use::linear}, proj{Size<dyn>{c.width}, Size<dyn>{c.width}},
        gamma1{{c.width, 1, 1}, Init::constant(1e-5)}, gamma2{{c.width, 1, 1}, Init::constant(1e-5)}, mlp{c.width,
                                                                                                          c.mlp_width,
                                                                                                          {7, 7}} {}

  static constexpr void members(auto& self, auto&& visit) {
    if (self.config.layer_norm) visit("norm", self.layer_norm);
    else visit("norm", self.batch_norm);
    visit("token_mixer.qkv.weight", self.qkv);
    visit("token_mixer.proj", self.proj);
    visit("layer_scale_1.gamma", self.gamma1);
    visit("mlp", self.mlp);
    visit("layer_scale_2.gamma", self.gamma2);
  }

  template <class Cx>
  Rows<Cx, dyn> operator()(Cx& cx, Rows<Cx, dyn> x, Grid grid, const Sequences& pixels) const {
    const Size<dyn> width{config.width};
    const auto normed = config.layer_norm ? layer_norm(cx, x) : batch_norm(cx, x);
    const auto mixed = attention(cx, linear(cx, normed, Size<dyn>{3 * config.width}, qkv, absent), width, pixels,
                                 {.heads = config.width / MciConfig::head_width});
    const auto t = layer_scale(cx, proj(cx, mixed), gamma1, x);
    return mlp.scaled(cx, t, grid, gamma2, t, x);
  }
};

/// The down-sampling between stages: gelu(se(bn(conv7×7(x)) + bn(conv3×3(x)))), both depthwise with stride 2, then a
/// pointwise MobileOne block.          x : (pixels of `grid`, in) → (a quarter of the pixels, out)
template <Backend B, bool Fused>
struct MciDownsample {
  using T = typename B::Scalar;
  bool squeezes;
  ConvNorm<B> large_conv, small_conv;
  SqueezeExcite<B> se;
  MobileOne<B, false> pointwise;

  constexpr MciDownsample(Index in, Index out, bool squeeze)
      : squeezes{squeeze}, large_conv{{in, out, {7, 7, 2}, true}},
        small_conv{{in, out, {3, 3, 2}, true}}, se{out, MciConfig::squeezed(out)}, pointwise{{.sizes = {out, out}}} {}

  static constexpr void members(auto& self, auto&& visit) {
    if (self.squeezes) visit("proj.0.se", self.se);
    visit("proj.0.large_conv", self.large_conv);
    visit("proj.0.small_conv", self.small_conv);
    visit("proj.1", self.pointwise);
  }

  template <class Cx>
  Rows<Cx, dyn> operator()(Cx& cx, Rows<Cx, dyn> x, Grid& grid) const {
    auto y = add(cx, large_conv(cx, x, grid), small_conv(cx, x, grid));
    grid = large_conv.conv.over(grid);
    if (squeezes) y = se(cx, y, grid);
    return pointwise(cx, map(cx, fn::Gelu{}, y), grid);
  }
};

template <Backend B>
struct MciDownsample<B, true> {
  using T = typename B::Scalar;
  bool squeezes;
  AnyConvolution<B> conv;
  Parameter<T> bias;
  SqueezeExcite<B> se;
  MobileOne<B, true> pointwise;

  constexpr MciDownsample(Index in, Index out, bool squeeze)
      : squeezes{squeeze}, conv{{in, out, {7, 7, 2}, true}}, bias{{out}, Init::zeros()},
        se{out, MciConfig::squeezed(out)}, pointwise{{.sizes = {out, out}}} {}

  static constexpr void members(auto& self, auto&& visit) {
    if (self.squeezes) visit("proj.0.se", self.se);
    visit("proj.0.reparam_conv.weight", self.conv.weight);
    visit("proj.0.reparam_conv.bias", self.bias);
    visit("proj.1", self.pointwise);
  }

  template <class Cx>
  Rows<Cx, dyn> operator()(Cx& cx, Rows<Cx, dyn> x, Grid& grid) const {
    const Grid before = grid;
    grid = conv.over(grid);
    if (!squeezes) return pointwise(cx, conv.with_bias(cx, fn::Gelu{}, x, before, bias), grid);
    const auto y = se(cx, conv.with_bias(cx, fn::Identity{}, x, before, bias), grid);
    return pointwise(cx, map(cx, fn::Gelu{}, y), grid);
  }
};

/// y = x + conv7×7(x) + b, depthwise (Chu et al. 2021); fused: one convolution.   x, y : (pixels of `grid`, width)
template <Backend B, bool Fused>
struct MciPositions {
  using T = typename B::Scalar;
  AnyConvolution<B> conv;
  Parameter<T> bias;

  constexpr MciPositions(Index width) : conv{{width, width, {7, 7}, true}}, bias{{width}, fan_in(49)} {}

  static constexpr void members(auto& self, auto&& visit) {
    visit(Fused ? "reparam_conv.weight" : "pos_enc.weight", self.conv.weight);
    visit(Fused ? "reparam_conv.bias" : "pos_enc.bias", self.bias);
  }

  template <class Cx>
  Rows<Cx, dyn> operator()(Cx& cx, Rows<Cx, dyn> x, Grid grid) const {
    if constexpr (Fused) return conv.with_bias(cx, fn::Identity{}, x, grid, bias);
    else return add(cx, conv.added(cx, x, grid, bias), x);
  }
};

/// One stage: down-sampling (all but the first), positions, blocks.
template <Backend B, bool Fused>
struct MciStageModule {
  MciStage config;
  bool first;
  MciDownsample<B, Fused> downsample;
  MciPositions<B, Fused> pos_emb;
  Layers<RepMixerBlock<B, Fused>, dyn> mixers;
  Layers<MciAttentionBlock<B>, dyn> attentions;

  constexpr MciStageModule(const MciConfig& c, Index s)
      : config{c.stage(s)}, first{s == 0}, downsample{s == 0 ? config.width : c.stage(s - 1).width, config.width,
                                                      config.squeeze},
        pos_emb{config.width}, mixers{Size<dyn>{config.attention ? 0 : config.layers},
                                      RepMixerBlockConfig{config.width, config.mlp_width}},
        attentions{Size<dyn>{config.attention ? config.layers : 0}, block(c, s)} {}

  static constexpr void members(auto& self, auto&& visit) {
    if (!self.first) visit("downsample", self.downsample);
    if (self.config.positions) visit("pos_emb", self.pos_emb);
    if (self.config.attention) visit("blocks", self.attentions);
    else visit("blocks", self.mixers);
  }

  /// Sets `grid` to the grid of the result.
  template <class Cx>
  Rows<Cx, dyn> operator()(Cx& cx, Rows<Cx, dyn> x, Grid& grid) const {
    if (!first) x = downsample(cx, x, grid);
    if (config.positions) x = pos_emb(cx, x, grid);
    Sequences& pixels = cx.template keep<Sequences>();
    if (config.attention) pixels.assign_uniform(grid.images, grid.pixels());
    for (Index i = 0; i < mixers.size(); ++i)
      x = cx.stage(x, [&cx, grid, &block = mixers[i]](Rows<Cx, dyn> z) { return block(cx, z, grid); });
    for (Index i = 0; i < attentions.size(); ++i)
      x = cx.stage(
          x, [&cx, grid, &pixels, &block = attentions[i]](Rows<Cx, dyn> z) { return block(cx, z, grid, pixels); });
    return x;
  }

 private:
  static constexpr MciBlockConfig block(const MciConfig& c, Index s) {
    return {c.stage(s).width, c.stage(s).mlp_width, c.layer_norm};
  }
};

}  // namespace clip::inline CLIP_ABI

// clip/nn/mobile_one.hpp: MobileOne blocks and RepMixer: parallel branches in training, one convolution when fused.
#pragma once

#include <clip/nn/conv_norm.hpp>
#include <clip/nn/squeeze_excite.hpp>

#include <optional>
#include <type_traits>

namespace clip::inline CLIP_ABI {

/// Branches of a MobileOne block. The identity branch exists where the block keeps channels and grid.
struct MobileOneConfig {
  ConvolutionSizes sizes;
  bool kernel = true;    // the convolution with the whole window
  bool scale = false;    // a 1×1 convolution beside it
  Index squeezed = 0;    // channels inside squeeze-and-excitation; 0: none
  bool activate = true;  // GELU at the end

  constexpr bool identity() const { return sizes.in == sizes.out && sizes.window.stride == 1; }
};

/// y = f(se(bn(x) + bn(scale(x)) + bn(kernel(x))))    (Vasu et al. 2023, "MobileOne"; timm's names)
///   x : (pixels of `grid`, in) → (pixels of over(grid), out)
/// Fused: y = f(se(reparam_conv(x))), for inference; nn/fuse_branches.hpp computes it.
template <Backend B, bool Fused>
struct MobileOne {
  using T = typename B::Scalar;
  MobileOneConfig config;
  BatchNorm<B, dyn> identity{Size<dyn>{config.sizes.out}, 1e-5};
  ConvNorm<B> conv_scale{
      {config.sizes.in, config.sizes.out, {1, 1, config.sizes.window.stride}, config.sizes.depthwise}};
  ConvNorm<B> conv_kxk{config.sizes};
  SqueezeExcite<B> se{config.sizes.out, config.squeezed};

  constexpr MobileOne(MobileOneConfig config_) : config{config_} {}

  static constexpr void members(auto& self, auto&& visit) {
    if (self.config.squeezed > 0) visit("se", self.se);
    if (self.config.identity()) visit("identity", self.identity);
    if (self.config.kernel) visit("conv_kxk.0", self.conv_kxk);
    if (self.config.scale) visit("conv_scale", self.conv_scale);
  }

  constexpr Grid over(Grid grid) const { return config.sizes.window.over(grid); }

  template <class Cx>
  Rows<Cx, dyn> operator()(Cx& cx, Rows<Cx, dyn> x, Grid grid) const {
    std::optional<Rows<Cx, dyn>> sum;
    const auto include = [&](Rows<Cx, dyn> branch) { sum = sum ? add(cx, *sum, branch) : branch; };
    if (config.scale) include(conv_scale(cx, x, grid));
    if (config.identity()) include(identity(cx, x));
    if (config.kernel) include(conv_kxk(cx, x, grid));
    if (config.squeezed > 0) sum = se(cx, *sum, over(grid));
    return config.activate ? map(cx, fn::Gelu{}, *sum) : *sum;
  }
};

template <Backend B>
struct MobileOne<B, true> {
  using T = typename B::Scalar;
  MobileOneConfig config;
  AnyConvolution<B> conv{config.sizes};
  Parameter<T> bias{{config.sizes.out}, Init::zeros()};
  SqueezeExcite<B> se{config.sizes.out, config.squeezed};

  constexpr MobileOne(MobileOneConfig config_) : config{config_} {}

  static constexpr void members(auto& self, auto&& visit) {
    if (self.config.squeezed > 0) visit("se", self.se);
    visit("reparam_conv.weight", self.conv.weight);
    visit("reparam_conv.bias", self.bias);
  }

  constexpr Grid over(Grid grid) const { return config.sizes.window.over(grid); }

  template <class Cx>
  Rows<Cx, dyn> operator()(Cx& cx, Rows<Cx, dyn> x, Grid grid) const {
    static_assert(!Cx::recording,
                  "MobileOne: a fused block is for inference: train the block with branches, and fuse it afterwards.");
    if (config.squeezed == 0 && config.activate) return conv.with_bias(cx, fn::Gelu{}, x, grid, bias);
    auto y = conv.with_bias(cx, fn::Identity{}, x, grid, bias);
    if (config.squeezed > 0) y = se(cx, y, over(grid));
    return config.activate ? map(cx, fn::Gelu{}, y) : y;
  }
};

/// y = x + γ ⊙ (mixer(x) - norm(x))  (Vasu et al. 2023, "FastViT" §3.2; timm's names), both depthwise; fused: one
/// convolution.          x, y : (pixels of `grid`, channels)
template <Backend B, bool Fused>
struct RepMixer {
  using T = typename B::Scalar;
  Index channels;
  MobileOne<B, false> norm, mixer;
  Parameter<T> layer_scale_gamma{{channels, 1, 1}, Init::constant(1e-5)};

  constexpr RepMixer(Index channels_, CentredWindow window)
      : channels{channels_}, norm{{.sizes = {channels_, channels_, window, true}, .kernel = false, .activate = false}},
        mixer{{.sizes = {channels_, channels_, window, true}, .scale = window.height > 1, .activate = false}} {}

  static constexpr void members(auto& self, auto&& visit) {
    visit("norm", self.norm);
    visit("mixer", self.mixer);
    visit("layer_scale.gamma", self.layer_scale_gamma);
  }

  template <class Cx>
  Rows<Cx, dyn> operator()(Cx& cx, Rows<Cx, dyn> x, Grid grid) const {
    const auto difference = subtract(cx, mixer(cx, x, grid), norm(cx, x, grid));
    return layer_scale(cx, difference, layer_scale_gamma, x);
  }
};

template <Backend B>
struct RepMixer<B, true> {
  using T = typename B::Scalar;
  AnyConvolution<B> conv;
  Parameter<T> bias{{conv.sizes.out}, Init::zeros()};

  constexpr RepMixer(Index channels, CentredWindow window) : conv{{channels, channels, window, true}} {}

  static constexpr void members(auto& self, auto&& visit) {
    visit("reparam_conv.weight", self.conv.weight);
    visit("reparam_conv.bias", self.bias);
  }

  template <class Cx>
  Rows<Cx, dyn> operator()(Cx& cx, Rows<Cx, dyn> x, Grid grid) const {
    return conv.with_bias(cx, fn::Identity{}, x, grid, bias);
  }
};

}  // namespace clip::inline CLIP_ABI

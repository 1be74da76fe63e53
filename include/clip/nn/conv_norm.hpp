// clip/nn/conv_norm.hpp: dense or depthwise convolution whose sizes are known at run time, alone and with batch norm.
#pragma once

#include <clip/nn/batch_norm.hpp>
#include <clip/ops/depthwise.hpp>

namespace clip::inline CLIP_ABI {

/// Sizes of a convolution with a centred window. depthwise: every output channel reads one input channel.
struct ConvolutionSizes {
  Index in, out;
  CentredWindow window{};
  bool depthwise = false;

  constexpr Index inputs() const { return (depthwise ? 1 : in) * window.area(); }
};

/// y = x * weight          x : (pixels of `grid`, in), y : (pixels of over(grid), out)
/// weight : (out, in, height, width), depthwise (out, 1, height, width). Dense windows are square.
template <Backend B>
struct AnyConvolution {
  using T = typename B::Scalar;
  ConvolutionSizes sizes;
  Parameter<T> weight{{sizes.out, sizes.depthwise ? 1 : sizes.in, sizes.window.height, sizes.window.width},
                      fan_in(sizes.inputs()),
                      sizes.depthwise                                        ? Use::other
                      : sizes.window.area() == 1 && sizes.window.stride == 1 ? Use::linear
                                                                             : Use::convolution};

  constexpr AnyConvolution(ConvolutionSizes sizes_) : sizes{sizes_} {}

  static constexpr void members(auto& self, auto&& visit) { visit("weight", self.weight); }

  constexpr Grid over(Grid grid) const { return sizes.window.over(grid); }

  template <class Cx>
  Rows<Cx, dyn> operator()(Cx& cx, Rows<Cx, dyn> x, Grid grid) const {
    if (sizes.depthwise) return depthwise(cx, x, grid, sizes.window, Size<dyn>{sizes.out}, weight);
    return convolution(cx, x, grid, square(), Size<dyn>{sizes.out}, weight);
  }

  /// x * weight + bias, of a depthwise convolution.
  template <class Cx>
  Rows<Cx, dyn> added(Cx& cx, Rows<Cx, dyn> x, Grid grid, const Parameter<T>& bias) const {
    return depthwise(cx, x, grid, sizes.window, Size<dyn>{sizes.out}, weight, bias);
  }

  /// f(x * weight + bias), in one pass. Inference only.          bias : (out), a parameter
  template <class F, class Cx, class Bias>
  Rows<Cx, dyn> with_bias(Cx& cx, F, Rows<Cx, dyn> x, Grid grid, const Bias& bias) const {
    if (sizes.depthwise)
      return folded_depthwise<F>(cx, x, grid, sizes.window, Size<dyn>{sizes.out}, weight, absent, bias);
    return biased_convolution<F>(cx, x, grid, square(), Size<dyn>{sizes.out}, weight, bias);
  }

  /// f(scale ⊙ (x * weight) + shift), in one pass. Inference only.          norm : (2, out) = scale, shift
  template <class F, class Cx>
  Rows<Cx, dyn> folded(Cx& cx, F f, Rows<Cx, dyn> x, Grid grid, Rows<Cx, dyn> norm) const {
    if (!sizes.depthwise) return folded(cx, f, x, grid, norm, absent);
    const Rows<Cx, dyn> scale{norm.view.middle_rows(0, 1)}, shift{norm.view.middle_rows(1, 1)};
    return folded_depthwise<F>(cx, x, grid, sizes.window, Size<dyn>{sizes.out}, weight, scale, shift);
  }

  /// f(scale ⊙ (x * weight) + shift + shortcut), of a dense convolution. The shortcut may be `absent`.
  template <class F, class Cx, class Shortcut>
  Rows<Cx, dyn> folded(Cx& cx, F, Rows<Cx, dyn> x, Grid grid, Rows<Cx, dyn> norm, const Shortcut& shortcut) const {
    return folded_convolution<F>(cx, x, grid, square(), Size<dyn>{sizes.out}, weight, norm, shortcut);
  }

 private:
  constexpr Window square() const { return {sizes.window.height, sizes.window.stride, sizes.window.height / 2}; }
};

/// A convolution and its batch norm, named "conv" and "bn".
template <Backend B>
struct ConvNorm {
  AnyConvolution<B> conv;
  BatchNorm<B, dyn> bn;

  constexpr ConvNorm(ConvolutionSizes sizes, double epsilon = 1e-5) : conv{sizes}, bn{Size<dyn>{sizes.out}, epsilon} {}

  static constexpr void members(auto& self, auto&& visit) {
    visit("conv", self.conv);
    visit("bn", self.bn);
  }

  /// x : (pixels of `grid`, in) → (pixels of conv.over(grid), out)
  template <class Cx>
  Rows<Cx, dyn> operator()(Cx& cx, Rows<Cx, dyn> x, Grid grid) const {
    if constexpr (Cx::recording) return bn(cx, conv(cx, x, grid));
    else return conv.folded(cx, fn::Identity{}, x, grid, bn.folded(cx));
  }
};

}  // namespace clip::inline CLIP_ABI

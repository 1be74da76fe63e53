// clip/nn/resnet_block.hpp: the basic and the bottleneck block of torchvision's ResNets, and a stage of such blocks.
#pragma once

#include <clip/config/resnet_block.hpp>
#include <clip/nn/conv_norm.hpp>
#include <clip/nn/layers.hpp>

#include <numbers>

namespace clip::inline CLIP_ABI {

/// He's initialisation for the inputs of a ReLU: normal with the deviation √(2 / outputs per input) (He et al. 2015).
constexpr Init fan_out(Index outputs) { return Init::normal(std::numbers::sqrt2 * inverse_root(outputs)); }

/// A convolution whose initial weights are He's.
template <Backend B>
constexpr AnyConvolution<B> he_convolution(ConvolutionSizes sizes) {
  AnyConvolution<B> conv{sizes};
  conv.weight.init = fan_out(sizes.out * sizes.window.area());
  return conv;
}

/// A projection shortcut: a strided 1×1 convolution and its norm, named "0" and "1".
template <Backend B>
struct ProjectionShortcut {
  AnyConvolution<B> conv;
  BatchNorm<B, dyn> norm;

  constexpr ProjectionShortcut(const ResNetBlockConfig& c)
      : conv{he_convolution<B>({c.in, c.out(), {1, 1, c.stride}})}, norm{Size<dyn>{c.out()},
                                                                         ResNetBlockConfig::epsilon} {}

  static constexpr void members(auto& self, auto&& visit) {
    visit("0", self.conv);
    visit("1", self.norm);
  }

  template <class Cx>
  Rows<Cx, dyn> operator()(Cx& cx, Rows<Cx, dyn> x, Grid grid) const {
    return conv_norm(cx, fn::Identity{}, conv, norm, x, grid);
  }
};

/// basic:      y = relu(bn2(conv2(relu(bn1(conv1(x))))) + shortcut(x)), both 3×3, conv1 strides
/// bottleneck: y = relu(bn3(conv3(relu(bn2(conv2(relu(bn1(conv1(x)))))))) + shortcut(x)), 1×1, 3×3, 1×1, conv2 strides
///   x : (pixels of `grid`, in), y : (pixels of over(grid), out)
/// In inference y overwrites x if x is the shortcut itself.
template <Backend B>
struct ResNetBlock {
  ResNetBlockConfig config;
  AnyConvolution<B> conv1, conv2, conv3;
  BatchNorm<B, dyn> bn1, bn2, bn3;
  ProjectionShortcut<B> downsample;

  constexpr ResNetBlock(const ResNetBlockConfig& c)
      : config{c}, conv1{he_convolution<B>({c.in, c.planes, c.bottleneck ? CentredWindow{} : strided()})},
        conv2{he_convolution<B>({c.planes, c.planes, c.bottleneck ? strided() : CentredWindow{3, 3}})},
        conv3{he_convolution<B>({c.planes, c.out()})}, bn1{norm(c.planes)}, bn2{norm(c.planes)}, bn3{norm(c.out())},
        downsample{c} {}

  static constexpr void members(auto& self, auto&& visit) {
    visit("conv1", self.conv1);
    visit("bn1", self.bn1);
    visit("conv2", self.conv2);
    visit("bn2", self.bn2);
    if (self.config.bottleneck) {
      visit("conv3", self.conv3);
      visit("bn3", self.bn3);
    }
    if (self.config.projects()) visit("downsample", self.downsample);
  }

  constexpr Grid over(Grid grid) const { return strided().over(grid); }

  template <class Cx>
  Rows<Cx, dyn> operator()(Cx& cx, Rows<Cx, dyn> x, Grid grid) const {
    const Rows<Cx, dyn> y = conv_norm(cx, fn::Relu{}, conv1, bn1, x, grid);
    const Grid inner = conv1.over(grid);
    if (!config.bottleneck) return last(cx, conv2, bn2, y, inner, x, grid);
    return last(cx, conv3, bn3, conv_norm(cx, fn::Relu{}, conv2, bn2, y, inner), over(grid), x, grid);
  }

 private:
  constexpr CentredWindow strided() const { return {3, 3, config.stride}; }
  static constexpr BatchNorm<B, dyn> norm(Index width) { return {Size<dyn>{width}, ResNetBlockConfig::epsilon}; }

  /// relu(norm(conv(y)) + shortcut(x))
  template <class Cx>
  Rows<Cx, dyn> last(Cx& cx, const AnyConvolution<B>& conv, const BatchNorm<B, dyn>& bn, Rows<Cx, dyn> y, Grid inner,
                     Rows<Cx, dyn> x, Grid grid) const {
    return conv_norm(cx, fn::Relu{}, conv, bn, y, inner, config.projects() ? downsample(cx, x, grid) : x);
  }
};

/// `layerS`: block "0" changes the shape, blocks "1", "2", … keep it.
template <Backend B>
struct ResNetStage {
  Layers<ResNetBlock<B>, dyn> blocks;

  constexpr ResNetStage(const ResNetBlockConfig& first, Index layers)
      : blocks{Size<dyn>{layers}, [&](Index i) {
                 return i == 0 ? first : ResNetBlockConfig{first.out(), first.planes, 1, first.bottleneck};
               }} {}

  static constexpr void members(auto& self, auto&& visit) { visit("", self.blocks); }

  /// Sets `grid` to the grid of the result.
  template <class Cx>
  Rows<Cx, dyn> operator()(Cx& cx, Rows<Cx, dyn> x, Grid& grid) const {
    Rows<Cx, dyn> y = blocks[0](cx, x, grid);
    grid = blocks[0].over(grid);
    for (Index i = 1; i < blocks.size(); ++i)
      y = cx.stage(y, [&cx, grid, &block = blocks[i]](Rows<Cx, dyn> z) { return block(cx, z, grid); });
    return y;
  }
};

}  // namespace clip::inline CLIP_ABI

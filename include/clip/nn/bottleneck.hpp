// clip/nn/bottleneck.hpp: the bottleneck block of ModifiedResNet, and a stage of such blocks.
#pragma once

#include <clip/config/bottleneck.hpp>
#include <clip/nn/batch_norm.hpp>
#include <clip/nn/layers.hpp>
#include <clip/ops/pooling.hpp>

#include <type_traits>

namespace clip::inline CLIP_ABI {

/// The grid after an average pool with this stride.
constexpr Grid output_grid(Grid grid, Index stride) { return Window{stride, stride, 0}.over(grid); }

/// A projection shortcut: an average pool, then a 1×1 convolution and its norm, named "0" and "1".
template <Backend B, BottleneckConfig C>
struct Downsample {
  Convolution<B, C.in, C.out(), 1> conv;
  BatchNorm<B, C.out()> norm;

  constexpr Downsample(Known<C> config)
      : conv{config->in, config->out()}, norm{config->out(), BottleneckConfig::epsilon} {}

  static constexpr void members(auto& self, auto&& visit) {
    visit("0", self.conv);
    visit("1", self.norm);
  }

  template <class Cx>
  Rows<Cx, C.out()> operator()(Cx& cx, Rows<Cx, C.in> x, Grid grid) const {
    if constexpr (C.stride > 1) x = average_pool(cx, x, grid, C.stride);
    return conv_norm(cx, fn::Identity{}, conv, norm, x, output_grid(grid, C.stride));
  }
};

/// y = relu(bn3(conv3(pool(relu(bn2(conv2(relu(bn1(conv1(x)))))))) + shortcut(x))
///   x : (pixels of `grid`, in), y : (pixels of output_grid(grid, stride), 4 planes)
/// In inference y overwrites x if x is the shortcut itself.
/// The convolutions keep the grid; the average pool applies the stride, so that no pixel is skipped.
template <Backend B, BottleneckConfig C>
struct Bottleneck {
  static_assert(C.downsample || !C.fixed() || (C.stride == 1 && C.in == C.out()),
                "bottleneck: a shortcut without projection requires equal shapes");
  struct Nothing {
    constexpr Nothing(Known<C>) {}
  };
  using Shortcut = std::conditional_t<C.downsample, Downsample<B, C>, Nothing>;

  [[no_unique_address]] Known<C> config;
  Convolution<B, C.in, C.planes, 1> conv1{config->in, config->planes};
  BatchNorm<B, C.planes> bn1{config->planes, BottleneckConfig::epsilon};
  Convolution<B, C.planes, C.planes, 3> conv2{config->planes, config->planes};
  BatchNorm<B, C.planes> bn2{config->planes, BottleneckConfig::epsilon};
  Convolution<B, C.planes, C.out(), 1> conv3{config->planes, config->out()};
  BatchNorm<B, C.out()> bn3{config->out(), BottleneckConfig::epsilon};
  [[no_unique_address]] Shortcut downsample{config};

  /// The weight of the last norm is initialised to zero, so that a new block computes its shortcut (Goyal et al. 2017).
  constexpr Bottleneck(Known<C> config_ = {}) : config{config_} { bn3.weight.init = Init::zeros(); }

  static constexpr void members(auto& self, auto&& visit) {
    visit("conv1", self.conv1);
    visit("bn1", self.bn1);
    visit("conv2", self.conv2);
    visit("bn2", self.bn2);
    visit("conv3", self.conv3);
    visit("bn3", self.bn3);
    if constexpr (C.downsample) visit("downsample", self.downsample);
  }

  template <class Cx>
  Rows<Cx, C.out()> operator()(Cx& cx, Rows<Cx, C.in> x, Grid grid) const {
    auto y = conv_norm(cx, fn::Relu{}, conv1, bn1, x, grid);
    y = conv_norm(cx, fn::Relu{}, conv2, bn2, y, grid);
    if constexpr (C.stride > 1) y = average_pool(cx, y, grid, C.stride);
    const Grid smaller = output_grid(grid, C.stride);
    if constexpr (C.downsample) return conv_norm(cx, fn::Relu{}, conv3, bn3, y, smaller, downsample(cx, x, grid));
    else return conv_norm(cx, fn::Relu{}, conv3, bn3, y, smaller, x);
  }
};

/// `layerS`: block "0" changes the shape, blocks "1", "2", … keep it.
template <Backend B, BottleneckConfig First, BottleneckConfig Further, Index N>
struct BottleneckStage {
  Bottleneck<B, First> first;
  Layers<Bottleneck<B, Further>, N, 1> rest;

  constexpr BottleneckStage(Known<First> first_, Known<Further> further, Size<N> blocks)
      : first{first_}, rest{blocks, further} {}

  static constexpr void members(auto& self, auto&& visit) {
    visit("0", self.first);
    visit("", self.rest);
  }

  /// Sets `grid` to the grid of the result.
  template <class Cx>
  Rows<Cx, First.out()> operator()(Cx& cx, Rows<Cx, First.in> x, Grid& grid) const {
    auto y = first(cx, x, grid);
    grid = output_grid(grid, First.stride);
    for (Index i = 0; i < rest.size(); ++i)
      y = cx.stage(y, [&cx, grid, &block = rest[i]](Rows<Cx, First.out()> z) {
        return Rows<Cx, First.out()>{block(cx, z, grid)};
      });
    return y;
  }
};

}  // namespace clip::inline CLIP_ABI

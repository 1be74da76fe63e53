// clip/tower/conv_vit/stem.hpp: the convolutional stem of MobileCLIP's vision transformer: images to patches.
#pragma once

#include <clip/nn/batch_norm.hpp>
#include <clip/ops/folded_convolution.hpp>
#include <clip/ops/pointwise.hpp>
#include <clip/ops/pooling.hpp>
#include <clip/tower/conv_vit/config.hpp>

namespace clip::inline CLIP_ABI {

/// y = gelu(norm(x * weight))          x : (pixels of `grid`, in) → (pixels of window.over(grid), out)
template <Backend B>
struct StemConvolution {
  using T = typename B::Scalar;
  Index in, out;
  Window window;
  Parameter<T> weight{{out, in, window.size, window.size}, fan_in(in* window.area()), Use::convolution};
  BatchNorm<B, dyn> bn{Size<dyn>{out}, ConvVitConfig::stem_epsilon};

  constexpr StemConvolution(Index in_, Index out_, Window window_) : in{in_}, out{out_}, window{window_} {}

  static constexpr void members(auto& self, auto&& visit) {
    visit("conv.weight", self.weight);
    visit("bn", self.bn);
  }

  template <class Cx>
  Rows<Cx, dyn> operator()(Cx& cx, Rows<Cx, dyn> x, Grid grid) const {
    const Size<dyn> width{out};
    if constexpr (Cx::recording) return map(cx, fn::Gelu{}, bn(cx, convolution(cx, x, grid, window, width, weight)));
    else return folded_convolution<fn::Gelu>(cx, x, grid, window, width, weight, bn.folded(cx));
  }
};

/// Convolutions 4×4, 2×2 and 2×2, each with its size as its stride; the last has a bias and no norm.
///   images : (n, channels · image_size²) → (n · grid², width)
template <Backend B>
struct ConvStem {
  using T = typename B::Scalar;
  Index channels, image_size, width;
  StemConvolution<B> first, second;
  Parameter<T> weight, bias;

  constexpr ConvStem(const ConvVitConfig& c)
      : channels{c.channels}, image_size{c.image_size}, width{c.width},
        first{c.channels, c.stem_width(), {4, 4, c.stem_padding}}, second{c.stem_width(), c.stem_width(), {2, 2, 0}},
        weight{{c.width, c.stem_width(), 2, 2}, fan_in(4 * c.stem_width()), Use::convolution},
        bias{{c.width}, fan_in(4 * c.stem_width())} {}

  static constexpr void members(auto& self, auto&& visit) {
    visit("0", self.first);
    visit("1", self.second);
    visit("2.conv.weight", self.weight);
    visit("2.conv.bias", self.bias);
  }

  template <class Cx>
  Rows<Cx, dyn> operator()(Cx& cx, Rows<Cx, dyn> images) const {
    Grid grid{images.rows(), image_size, image_size};
    auto x = channels_last(cx, images, channels, grid, Size<dyn>{channels});
    for (const StemConvolution<B>* const part : {&first, &second}) {
      x = (*part)(cx, x, grid);
      grid = part->window.over(grid);
    }
    return biased_convolution<fn::Identity>(cx, x, grid, {2, 2, 0}, Size<dyn>{width}, weight, bias);
  }
};

}  // namespace clip::inline CLIP_ABI

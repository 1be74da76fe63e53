// clip/nn/squeeze_excite.hpp: squeeze-and-excitation: channels scaled by a function of their means.
#pragma once

#include <clip/nn/linear.hpp>
#include <clip/ops/gates.hpp>
#include <clip/ops/pointwise.hpp>
#include <clip/ops/pooling.hpp>

namespace clip::inline CLIP_ABI {

/// y = x ⊙ s(fc2(relu(fc1(means of x over each image)))), s the logistic function (Hu et al. 2018)
///   x, y : (pixels of a square grid, channels)
///   fc1.weight : (inner, channels, 1, 1), fc2.weight : (channels, inner, 1, 1)
template <Backend B>
struct SqueezeExcite {
  Linear<B, dyn, dyn> fc1, fc2;

  constexpr SqueezeExcite(Index channels, Index inner)
      : fc1{Size<dyn>{channels}, Size<dyn>{inner}}, fc2{Size<dyn>{inner}, Size<dyn>{channels}} {
    fc1.weight.shape = {inner, channels, 1, 1};
    fc2.weight.shape = {channels, inner, 1, 1};
  }

  static constexpr void members(auto& self, auto&& visit) {
    visit("fc1", self.fc1);
    visit("fc2", self.fc2);
  }

  template <class Cx>
  Rows<Cx, dyn> operator()(Cx& cx, Rows<Cx, dyn> x, Grid grid) const {
    const auto means = average_pool(cx, x, grid, grid.height);  // (images, channels)
    return gate(cx, x, map(cx, fn::Logistic{}, fc2(cx, fc1.with(cx, fn::Relu{}, means))));
  }
};

}  // namespace clip::inline CLIP_ABI

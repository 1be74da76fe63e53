// clip/nn/layer_norm.hpp: layer normalisation over the width.
#pragma once

#include <clip/ops/norms.hpp>

namespace clip::inline CLIP_ABI {

/// y = (x - μ)/√(σ² + ε) weight + bias          x, y : (rows, Width)
template <Backend B, Index Width>
struct LayerNorm {
  using T = typename B::Scalar;
  [[no_unique_address]] Size<Width> width{};
  float epsilon;
  Parameter<T> weight{{width}, Init::ones()};
  Parameter<T> bias{{width}, Init::zeros()};

  constexpr LayerNorm(Size<Width> width_, float epsilon_) : width{width_}, epsilon{epsilon_} {}

  static constexpr void members(auto& self, auto&& visit) {
    visit("weight", self.weight);
    visit("bias", self.bias);
  }

  template <class Cx, Index W>
  Rows<Cx, Width> operator()(Cx& cx, Rows<Cx, W> x) const {
    static_assert(compatible(W, Width), "layer_norm: input width differs from the layer's");
    return layer_norm(cx, Rows<Cx, Width>{x}, weight, bias, static_cast<double>(epsilon));
  }
};

}  // namespace clip::inline CLIP_ABI

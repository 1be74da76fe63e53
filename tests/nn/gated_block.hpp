// tests/nn/gated_block.hpp: example of a custom residual block: attention, and a linear layer with its own activation.
#pragma once

#include <clip/nn/attention.hpp>
#include <clip/nn/layer_norm.hpp>
#include <clip/nn/linear.hpp>

#include <cmath>
#include <string_view>

namespace clip::testing {

/// f(x) = x s(x), s the logistic function
struct Swish {
  static constexpr std::string_view name = "swish";
  template <class V>
  CLIP_HOST_DEVICE V operator()(V x) const {
    using std::exp;
    return x / (V(1) + exp(-x));
  }
  template <class V>
  CLIP_HOST_DEVICE V slope(V x) const {
    using std::exp;
    const V s = V(1) / (V(1) + exp(-x));
    return s + x * s * (V(1) - s);
  }
};

/// x ← x + attn(ln(x));   x ← x + swish(gate(x))
template <Backend B, BlockConfig C>
struct GatedBlock {
  [[no_unique_address]] Known<C> config;
  LayerNorm<B, C.width> ln{config->width, config->epsilon};
  MultiheadAttention<B, C> attn{config};
  Linear<B, C.width, C.width> gate{config->width, config->width};

  constexpr GatedBlock(Known<C> config_ = {}) : config{config_} {}

  static constexpr void members(auto& self, auto&& visit) {
    visit("ln", self.ln);
    visit("attn", self.attn);
    visit("gate", self.gate);
  }

  template <class Cx, Index W>
  Rows<Cx, C.width> operator()(Cx& cx, Rows<Cx, W> x, const Sequences& sequences) const {
    const auto attended = attn(cx, ln(cx, x), x, sequences);
    return linear<Swish>(cx, attended, Size<C.width>{config->width}, gate.weight, gate.bias, attended);
  }
};

struct Gated {
  template <Backend B, BlockConfig C>
  using block = GatedBlock<B, C>;
};

}  // namespace clip::testing

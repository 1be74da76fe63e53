// clip/config/block.hpp: the numbers of one residual block.
#pragma once

#include <clip/config/activation.hpp>
#include <clip/config/required.hpp>
#include <clip/core/size.hpp>

namespace clip::inline CLIP_ABI {

/// What both towers hand to their blocks.
struct BlockConfig {
  Index width;
  Index heads;
  Index hidden;  // of the MLP
  bool causal = false;
  Required<Activation> activation;
  Required<float> epsilon;

  constexpr bool fixed() const { return width != dyn && heads != dyn && hidden != dyn; }
  friend constexpr bool operator==(const BlockConfig&, const BlockConfig&) = default;
};

/// f(functor) for the activation of a block. Where the configuration is known to the compiler, only that functor is compiled.
template <BlockConfig C, class F>
constexpr decltype(auto) visit_activation(const Known<C>& config, F&& f) {
  if constexpr (!C.fixed()) return visit_activation(config->activation, f);
  else if constexpr (C.activation.value == Activation::gelu) return f(fn::Gelu{});
  else if constexpr (C.activation.value == Activation::gelu_tanh) return f(fn::GeluTanh{});
  else return f(fn::QuickGelu{});
}

}  // namespace clip::inline CLIP_ABI

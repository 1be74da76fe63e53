// clip/config/block.hpp: configuration of one residual block.
#pragma once

#include <clip/config/activation.hpp>
#include <clip/config/required.hpp>
#include <clip/core/size.hpp>

#include <limits>

namespace clip::inline CLIP_ABI {

/// The sizes of one residual block. Blocks of one stack share a type: sizes that differ from block to block (heads,
/// inner, hidden) are dyn in the type, and each block gets its own values.
struct BlockConfig {
  Index width;
  Index heads;
  Index hidden;  // of the MLP
  bool causal = false;
  Required<Activation> activation;
  Required<float> epsilon;
  Index inner = 0;  // width of attention's queries, keys and values; 0: width

  /// Width of queries, keys and values.
  constexpr Index attention_width() const { return inner != 0 ? inner : width; }
  constexpr bool fixed() const { return width != dyn && heads != dyn && hidden != dyn && inner != dyn; }
  friend constexpr bool operator==(const BlockConfig&, const BlockConfig&) = default;
};

/// The width of a transformer's MLP: that stated, or four times the transformer's if 0 is stated.
constexpr Index mlp_width_of(Index width, Index stated) {
  return stated != 0 ? stated : sized([](Index w) { return 4 * w; }, width);
}

/// The block of a tower with the members width, heads, hidden(), activation and epsilon.
template <class Tower>
constexpr BlockConfig block_of(const Tower& c, bool causal) {
  return {.width = c.width,
          .heads = c.heads,
          .hidden = c.hidden(),
          .causal = causal,
          .activation = c.activation,
          .epsilon = c.epsilon};
}

/// Whether the epsilon of a norm is finite and not negative.
constexpr bool possible_epsilon(float epsilon) { return epsilon >= 0 && epsilon <= std::numeric_limits<float>::max(); }

/// f(functor) with the functor of a block's activation. If the configuration is a constant, only that functor is
/// compiled.
template <BlockConfig C, class F>
constexpr decltype(auto) visit_activation(const Known<C>& config, F&& f) {
  if constexpr (!C.fixed()) return visit_activation(config->activation, f);
  else if constexpr (C.activation.value == Activation::gelu) return f(fn::Gelu{});
  else if constexpr (C.activation.value == Activation::gelu_tanh) return f(fn::GeluTanh{});
  else {
    static_assert(C.activation.value == Activation::quick_gelu, "visit_activation: this activation has no functor");
    return f(fn::QuickGelu{});
  }
}

}  // namespace clip::inline CLIP_ABI

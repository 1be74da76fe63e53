// clip/config/activation.hpp: activation functions of the MLPs, by name.
#pragma once

#include <clip/core/choice.hpp>
#include <clip/core/pointwise.hpp>

#include <array>
#include <string_view>

namespace clip::inline CLIP_ABI {

enum class Activation : unsigned char { quick_gelu, gelu, gelu_tanh };
inline constexpr std::array activations{Activation::quick_gelu, Activation::gelu, Activation::gelu_tanh};

/// f(functor) with the functor of an activation: the mapping from names to functions at run time. config/block.hpp has
/// the one for constants.
template <class F>
constexpr decltype(auto) visit_activation(Activation activation, F&& f) {
  switch (activation) {
    case Activation::gelu: return f(fn::Gelu{});
    case Activation::gelu_tanh: return f(fn::GeluTanh{});
    case Activation::quick_gelu: break;
  }
  return f(fn::QuickGelu{});
}

constexpr std::string_view name_of(Activation activation) {
  return visit_activation(activation, [](auto f) { return decltype(f)::name; });
}

/// The activation with this name ("quick_gelu", "gelu", "gelu_tanh"). OptionError: an unknown name.
inline Result<Activation> try_activation(std::string_view name) {
  return try_choice("config", "activation", name, activations);
}

}  // namespace clip::inline CLIP_ABI

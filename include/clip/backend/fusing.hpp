// clip/backend/fusing.hpp: the optional list of fused primitives: faster forms of what the core list can compute.
#pragma once

#include <clip/backend/concept.hpp>

#include <concepts>

namespace clip::inline CLIP_ABI {

/// A block of two linear layers:   residual + scale ⊙ (w2 f(w1 x̂ + b1)) + b2,  x̂ the layer norm of x : (m, k), or x.
template <class T>
struct FeedForward {
  In<T> gain, bias;  // of the norm, (1, k); absent: x̂ is x
  double epsilon;
  Weights<T> w1;   // (h, k)
  In<T> b1;        // (1, h)
  Weights<T> w2;   // (k, h)
  In<T> b2;        // (1, k)
  In<T> scale{};   // (1, k); absent: ones
  In<T> residual;  // (m, k)
};

// clang-format off
namespace detail {
template <class B, class T, class F>
concept FusingPrimitives = requires(B& backend) {
#define CLIP_PRIMITIVES_FUSING
#include <clip/backend/primitives.def.hpp>
};
}  // namespace detail
// clang-format on

/// A backend with fused primitives. Ops of any other backend use the compositions of backend/composed.hpp.
template <class B>
concept FusingBackend = Backend<B> && detail::FusingPrimitives<B, typename B::Scalar, fn::QuickGelu>;

}  // namespace clip::inline CLIP_ABI

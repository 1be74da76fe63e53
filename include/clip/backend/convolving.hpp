// clip/backend/convolving.hpp: the optional list of convolutional networks: convolutions, pooling and batch norms.
#pragma once

#include <clip/backend/concept.hpp>
#include <clip/core/grid.hpp>

#include <concepts>

namespace clip::inline CLIP_ABI {

// clang-format off
namespace detail {
template <class B, class T, class F>
concept ConvolvingPrimitives = requires(B& backend) {
#define CLIP_PRIMITIVES_CONVOLVING
#include <clip/backend/primitives.def.hpp>
};
}  // namespace detail
// clang-format on

/// A backend that runs the convolutional image towers. No default: what lacks it cannot compile them.
template <class B>
concept ConvolvingBackend = Backend<B> && detail::ConvolvingPrimitives<B, typename B::Scalar, fn::Relu>;

}  // namespace clip::inline CLIP_ABI

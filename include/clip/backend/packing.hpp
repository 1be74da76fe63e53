// clip/backend/packing.hpp: the optional list of weight packing: weights in layouts for fast matrix products.
#pragma once

#include <clip/backend/concept.hpp>
#include <clip/core/weights.hpp>

#include <concepts>
#include <cstddef>

namespace clip::inline CLIP_ABI {

/// What packed weights are stored as. Full: as they are, and results have the same bits. Half: widened on their way
/// into a product. bfloat16: where the machine has dot products of that type, rows are rounded to it as well. int8:
/// where it has products of integers, every row is quantised by its largest magnitude. Sums are the backend's in every
/// case.
enum class Storage : unsigned char { full, half, bfloat16, int8 };

// clang-format off
namespace detail {
template <class B, class T>
concept PackingPrimitives = requires(B& backend) {
#define CLIP_PRIMITIVES_PACKING
#include <clip/backend/primitives.def.hpp>
};
}  // namespace detail
// clang-format on

/// A backend whose products read packed weights faster than row-major ones. Optional: B::discard(part, bytes) returns
/// the pages of a part of an allocation to the system.
template <class B>
concept PackingBackend = Backend<B> && detail::PackingPrimitives<B, typename B::Scalar> &&
    requires(Storage storage, Layout layout, Use use) {
  { B::layout_of(storage) } -> std::same_as<Layout>;         // the layout that a storage type is packed into
  { B::differentiable(layout, use) } -> std::same_as<bool>;  // whether gradients pass through weights in this layout
};

/// The layout a backend packs weights into; row-major where it packs none.
template <Backend B>
constexpr Layout packed_layout(Storage storage) {
  if constexpr (PackingBackend<B>) return B::layout_of(storage);
  else return Layout::rows;
}

/// Whether products pass gradients through weights in this layout.
template <Backend B>
constexpr bool differentiable(Layout layout, Use use) {
  if constexpr (PackingBackend<B>) return layout == Layout::rows || B::differentiable(layout, use);
  else return layout == Layout::rows;
}

}  // namespace clip::inline CLIP_ABI

// clip/backend/packing.hpp: the optional list of weight packing: weights stored as the matrix products of a backend read them fastest.
#pragma once

#include <clip/backend/concept.hpp>
#include <clip/core/weights.hpp>

#include <concepts>
#include <cstddef>

namespace clip::inline CLIP_ABI {

/// What packed weights are stored as. Full: as they are, and results have the same bits. Half: widened on their way into a product.
/// bfloat16: where the machine has dot products of that type, rows are rounded to it as well. int8: where it has dot products of
/// bytes, every row is quantised by its largest magnitude. Sums are the backend's in every case.
enum class Storage : unsigned char { full, half, bfloat16, int8 };

/// A backend whose products read packed weights faster than row-major ones.
template <class B>
concept PackingBackend = Backend<B> && requires(B& b, View<const typename B::Scalar> w, View<typename B::Scalar> rows,
                                                std::byte* packed, Use use, Layout layout, Index window) {
  { B::layout_of(Storage::full) } -> std::same_as<Layout>;
  { B::packed_bytes(layout, Index{}, Index{}) } -> std::same_as<std::size_t>;  // of n outputs and k inputs
  b.pack(use, window, w, layout, packed);                                      // (use, size of windows, w, layout, to)
  b.unpack(use, window, packed, layout, rows);  // (use, size of windows, from, layout, w)
  B::discard(packed, std::size_t{});            // returns the pages of a part of an allocation to the system
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

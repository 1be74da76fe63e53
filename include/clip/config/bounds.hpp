// clip/config/bounds.hpp: bounds of a model's sizes, below which no count of values, bytes or FLOPs overflows.
#pragma once

#include <clip/core/size.hpp>

#include <initializer_list>

namespace clip::inline CLIP_ABI {

/// The largest width, context or vocabulary: far above any model.
inline constexpr Index largest_extent = Index{1} << 24;
/// The most layers, which take memory beside their weights.
inline constexpr Index most_layers = 4096;
/// The most pixels along one side of a model's input.
inline constexpr Index largest_image_size = Index{1} << 15;
/// The most weights of a tower: 512 GiB as floats.
inline constexpr double most_weights = 137438953472.0;

/// Whether all sizes are at most largest_extent. Ask before products are formed.
constexpr bool possible_extents(std::initializer_list<Index> sizes) {
  for (const Index size : sizes)
    if (size > largest_extent) return false;
  return true;
}

}  // namespace clip::inline CLIP_ABI

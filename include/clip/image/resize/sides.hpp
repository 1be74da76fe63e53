// clip/image/resize/sides.hpp: limits of the sides of an image.
#pragma once

#include <clip/core/result.hpp>
#include <clip/core/size.hpp>

#include <string>

namespace clip::inline CLIP_ABI {

/// The maximum side. Beyond it the reference itself loses precision.
inline constexpr Index longest_side = Index{1} << 24;

namespace detail {

inline std::string size_in_words(Index width, Index height) {
  return std::to_string(width) + " x " + std::to_string(height);
}

/// Checks that the image has pixels and that no side exceeds longest_side; otherwise an error of kind E.
template <class E>
Result<void> check_sides(const std::string& place, const std::string& what, Index width, Index height) {
  if (width < 1 || height < 1) return E{place, what, "at least 1 x 1", size_in_words(width, height)};
  if (width > longest_side || height > longest_side)
    return E{place, what, "sides of at most 2^24", size_in_words(width, height)};
  return {};
}

}  // namespace detail

}  // namespace clip::inline CLIP_ABI

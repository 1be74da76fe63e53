// clip/core/margin_functions.hpp: pointwise functions of losses with a margin, and their slopes.
#pragma once

#include <clip/core/pointwise.hpp>

#include <concepts>
#include <string_view>

namespace clip::inline CLIP_ABI {

namespace fn {

/// f(x) = max(0, m + x);   f' = 1 where m + x > 0, otherwise 0
struct Hinge {
  static constexpr std::string_view name = "hinge";
  double margin = 0;

  template <std::floating_point V>
  CLIP_HOST_DEVICE V operator()(V x) const {
    const V y = static_cast<V>(margin) + x;
    return y < V(0) ? V(0) : y;
  }
  template <std::floating_point V>
  CLIP_HOST_DEVICE V slope(V x) const {
    return V(0) < static_cast<V>(margin) + x ? V(1) : V(0);
  }
};

/// f(x) = ½ max(0, m - x)²;   f' = -max(0, m - x)
struct SquaredShortfall {
  static constexpr std::string_view name = "squared_shortfall";
  double margin = 0;

  template <std::floating_point V>
  CLIP_HOST_DEVICE V operator()(V x) const {
    const V y = slope(x);
    return V(0.5f) * y * y;
  }
  template <std::floating_point V>
  CLIP_HOST_DEVICE V slope(V x) const {
    const V y = x - static_cast<V>(margin);
    return y < V(0) ? y : V(0);
  }
};

/// f(x) = ½ x²;   f' = x
struct HalfSquare {
  static constexpr std::string_view name = "half_square";
  template <class V>
  CLIP_HOST_DEVICE V operator()(V x) const {
    return V(0.5f) * x * x;
  }
  template <class V>
  CLIP_HOST_DEVICE V slope(V x) const {
    return x;
  }
};

}  // namespace fn

}  // namespace clip::inline CLIP_ABI

// tests/ops/softplus.hpp: a user's activation of the op list.
#pragma once

#include <clip/core/abi.hpp>

#include <cmath>
#include <concepts>
#include <string_view>

namespace clip::testing {

/// Value and slope take plain numbers only.
struct Softplus {
  static constexpr std::string_view name = "softplus";
  template <std::floating_point T>
  CLIP_HOST_DEVICE T operator()(T x) const {
    return std::log1p(std::exp(x));
  }
  template <std::floating_point T>
  CLIP_HOST_DEVICE T slope(T x) const {
    return 1 / (1 + std::exp(-x));
  }
};

}  // namespace clip::testing

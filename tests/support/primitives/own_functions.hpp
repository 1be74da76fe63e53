// tests/support/primitives/own_functions.hpp: a user's pointwise functions in the cases of primitives.
#pragma once

#include <clip/core/abi.hpp>

namespace clip::testing {

/// An activation that takes plain numbers only.
struct Shrink {
  CLIP_HOST_DEVICE float operator()(float x) const { return x > 0.5f ? x - 0.5f : 0.0f; }
  CLIP_HOST_DEVICE double operator()(double x) const { return x > 0.5 ? x - 0.5 : 0.0; }
  CLIP_HOST_DEVICE float slope(float x) const { return x > 0.5f ? 1.0f : 0.0f; }
  CLIP_HOST_DEVICE double slope(double x) const { return x > 0.5 ? 1.0 : 0.0; }
};

struct Square {
  template <class V>
  CLIP_HOST_DEVICE V operator()(V x) const {
    return x * x;
  }
};

}  // namespace clip::testing

// clip/core/elementary.hpp: pointwise functions that losses and modules are composed of: e^x, 1/x, 1/√x, softplus.
#pragma once

#include <clip/core/abi.hpp>

#include <cmath>
#include <concepts>
#include <string_view>

namespace clip::inline CLIP_ABI {
namespace fn {

/// e^x
struct Exponential {
  static constexpr std::string_view name = "exponential";
  template <std::floating_point T>
  CLIP_HOST_DEVICE T operator()(T x) const {
    return std::exp(x);
  }
  template <std::floating_point T>
  CLIP_HOST_DEVICE T slope(T x) const {
    return std::exp(x);
  }
};

/// 1/x; 0 for 0
struct Reciprocal {
  static constexpr std::string_view name = "reciprocal";
  template <std::floating_point T>
  CLIP_HOST_DEVICE T operator()(T x) const {
    return x == T(0) ? T(0) : 1 / x;
  }
  template <std::floating_point T>
  CLIP_HOST_DEVICE T slope(T x) const {
    return x == T(0) ? T(0) : -1 / (x * x);
  }
};

/// 1/max(√x, 1e-12): of the squared length of a row
struct InverseLength {
  static constexpr std::string_view name = "inverse_length";
  static constexpr double least = 1e-12;
  template <std::floating_point T>
  CLIP_HOST_DEVICE T operator()(T x) const {
    const T length = std::sqrt(x), bound = static_cast<T>(least);
    return 1 / (length < bound ? bound : length);
  }
  template <std::floating_point T>
  CLIP_HOST_DEVICE T slope(T x) const {
    const T length = std::sqrt(x);
    return length > static_cast<T>(least) ? T(-0.5) / (x * length) : T(0);
  }
};

/// f(x) = w log(1 + exp(s x));   f' = w s / (1 + exp(-s x))
struct WeightedSoftplus {
  static constexpr std::string_view name = "weighted_softplus";
  double weight = 1;
  bool negated = false;  // s = -1

  template <std::floating_point T>
  CLIP_HOST_DEVICE T operator()(T x) const {
    const T z = negated ? -x : x;
    return static_cast<T>(weight) * ((z < T(0) ? T(0) : z) + std::log1p(std::exp(z < T(0) ? z : -z)));
  }
  template <std::floating_point T>
  CLIP_HOST_DEVICE T slope(T x) const {
    const T z = negated ? -x : x;
    return static_cast<T>(negated ? -weight : weight) / (T(1) + std::exp(-z));
  }
};

/// The slope of another function, as a function.
template <class F>
struct SlopeOf {
  static constexpr std::string_view name = "slope_of";
  F of{};

  template <std::floating_point T>
  CLIP_HOST_DEVICE T operator()(T x) const {
    return of.slope(x);
  }
};

}  // namespace fn
}  // namespace clip::inline CLIP_ABI

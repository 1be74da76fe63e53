// clip/core/pointwise.hpp: pointwise functions as functors with value and slope.
//
// A functor is written once for any type V with + - * / and exp: float, double, or a SIMD vector of a backend. Your own
// functor with both members works as an activation everywhere; if its members accept only scalars, the backend applies
// it element by element. CLIP_HOST_DEVICE before a member lets a device call it; for host compilers it is empty.
#pragma once

#include <clip/core/abi.hpp>

#include <cmath>
#include <numbers>
#include <string_view>
#include <type_traits>

namespace clip::inline CLIP_ABI {
namespace fn {

/// f(x) = x
struct Identity {
  static constexpr std::string_view name = "identity";
  template <class V>
  CLIP_HOST_DEVICE V operator()(V x) const {
    return x;
  }
  template <class V>
  CLIP_HOST_DEVICE V slope(V) const {
    return V(1);
  }
};

/// f(x) = max(x, 0);   f' = 1 where x > 0, otherwise 0
struct Relu {
  static constexpr std::string_view name = "relu";
  template <class V>
  CLIP_HOST_DEVICE V operator()(V x) const {
    if constexpr (std::is_arithmetic_v<V>) return x < V(0) ? V(0) : x;
    else return max(x, V(0));
  }
  template <class V>
  CLIP_HOST_DEVICE V slope(V x) const {
    if constexpr (std::is_arithmetic_v<V>) return V(0) < x ? V(1) : V(0);
    else return choose_less(V(0), x, V(1), V(0));
  }
};

/// f(x) = x s(1.702 x), s the logistic function;   f' = s + 1.702 x s (1 - s)   (Hendrycks & Gimpel 2016; OpenAI's
/// models)
struct QuickGelu {
  static constexpr std::string_view name = "quick_gelu";
  template <class V>
  CLIP_HOST_DEVICE V operator()(V x) const {
    using std::exp;
    return x / (V(1) + exp(V(-1.702) * x));
  }
  template <class V>
  CLIP_HOST_DEVICE V slope(V x) const {
    using std::exp;
    const V s = V(1) / (V(1) + exp(V(-1.702) * x));
    return s + V(1.702) * x * s * (V(1) - s);
  }
};

/// f(x) = x Φ(x), Φ the normal distribution;   f' = Φ + x φ          (OpenCLIP's default)
struct Gelu {
  static constexpr std::string_view name = "gelu";
  template <class V>
  CLIP_HOST_DEVICE V operator()(V x) const {
    using std::erf;
    return V(0.5f) * x * (V(1) + erf(x * V(std::numbers::sqrt2 / 2)));
  }
  template <class V>
  CLIP_HOST_DEVICE V slope(V x) const {
    using std::erf, std::exp;
    const V density = V(std::numbers::inv_sqrtpi * std::numbers::sqrt2 / 2) * exp(V(-0.5f) * x * x);
    return V(0.5f) * (V(1) + erf(x * V(std::numbers::sqrt2 / 2))) + x * density;
  }
};

/// f(x) = x/2 (1 + tanh u), u = √(2/π) (x + 0.044715 x³)          (SigLIP)
struct GeluTanh {
  static constexpr std::string_view name = "gelu_tanh";
  template <class V>
  CLIP_HOST_DEVICE V operator()(V x) const {
    return x * half_one_plus_tanh(x);
  }
  template <class V>
  CLIP_HOST_DEVICE V slope(V x) const {
    const V h = half_one_plus_tanh(x);
    const V du = V(root) * (V(1) + V(3 * 0.044715) * x * x);
    return h + V(2) * x * h * (V(1) - h) * du;
  }

 private:
  static constexpr double root = 0.79788456080286535588;  // √(2/π)
  template <class V>
  CLIP_HOST_DEVICE static V half_one_plus_tanh(V x) {  // (1 + tanh u) / 2 = 1 / (1 + exp(-2u))
    using std::exp;
    return V(1) / (V(1) + exp(V(-2 * root) * (x + V(0.044715) * x * x * x)));
  }
};

/// f(x) = 1 / (1 + exp(-x));   f' = f (1 - f)
struct Logistic {
  static constexpr std::string_view name = "logistic";
  template <class V>
  CLIP_HOST_DEVICE V operator()(V x) const {
    using std::exp;
    return V(1) / (V(1) + exp(-x));
  }
  template <class V>
  CLIP_HOST_DEVICE V slope(V x) const {
    const V f = (*this)(x);
    return f * (V(1) - f);
  }
};

/// f(x) = tanh x = 2 / (1 + exp(-2x)) - 1;   f' = 1 - f²
struct Tanh {
  static constexpr std::string_view name = "tanh";
  template <class V>
  CLIP_HOST_DEVICE V operator()(V x) const {
    using std::exp;
    return V(2) / (V(1) + exp(V(-2) * x)) - V(1);
  }
  template <class V>
  CLIP_HOST_DEVICE V slope(V x) const {
    const V f = (*this)(x);
    return V(1) - f * f;
  }
};

}  // namespace fn
}  // namespace clip::inline CLIP_ABI

// An activation of the program's own: Misra, "Mish: A Self Regularized Non-Monotonic Activation Function", BMVC 2020.
#pragma once

#include <clip/core/abi.hpp>  // CLIP_HOST_DEVICE

#include <cmath>

namespace my {

/// y = x tanh(log(1 + eˣ))
struct Mish {
  template <class T>
  CLIP_HOST_DEVICE T operator()(T x) const {
    return x * std::tanh(std::log1p(std::exp(x)));
  }
  template <class T>
  CLIP_HOST_DEVICE T slope(T x) const {
    const T t = std::tanh(std::log1p(std::exp(x)));
    return t + x * (1 - t * t) / (1 + std::exp(-x));
  }
};

}  // namespace my

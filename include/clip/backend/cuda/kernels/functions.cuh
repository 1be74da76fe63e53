// clip/backend/cuda/kernels/functions.cuh: pointwise functions by their numbers.
#pragma once

#include <clip/backend/cuda/kernels/values.cuh>
#include <clip/core/elementary.hpp>
#include <clip/core/margin_functions.hpp>
#include <clip/core/pointwise.hpp>

namespace clip_cuda::kernels {

/// visit(f) with the functor that a number means.
template <class Visit>
__device__ auto with_function(const Function& function, Visit visit) {
  using Name = Function::Name;
  namespace fn = clip::fn;
  const fn::WeightedSoftplus softplus{function.a, function.b != 0};
  switch (function.name) {
    case Name::relu: return visit(fn::Relu{});
    case Name::quick_gelu: return visit(fn::QuickGelu{});
    case Name::gelu: return visit(fn::Gelu{});
    case Name::gelu_tanh: return visit(fn::GeluTanh{});
    case Name::logistic: return visit(fn::Logistic{});
    case Name::tanh: return visit(fn::Tanh{});
    case Name::exponential: return visit(fn::Exponential{});
    case Name::reciprocal: return visit(fn::Reciprocal{});
    case Name::inverse_length: return visit(fn::InverseLength{});
    case Name::weighted_softplus: return visit(softplus);
    case Name::slope_of_weighted_softplus: return visit(fn::SlopeOf<fn::WeightedSoftplus>{softplus});
    case Name::times: return visit(fn::Times{function.a});
    case Name::affinity: return visit(fn::Affinity{function.a});
    case Name::hinge: return visit(fn::Hinge{function.a});
    case Name::squared_shortfall: return visit(fn::SquaredShortfall{function.a});
    case Name::half_square: return visit(fn::HalfSquare{});
    case Name::identity: break;
  }
  return visit(fn::Identity{});
}

template <class T>
struct ValueAt {
  T x;
  template <class F>
  __device__ T operator()(const F& f) const {
    return f(x);
  }
};
template <class T>
struct SlopeAt {
  T x;
  template <class F>
  __device__ T operator()(const F& f) const {
    if constexpr (requires { f.slope(x); }) return f.slope(x);
    else return T(0);  // no caller asks for it
  }
};

template <class T>
__device__ T value_of(const Function& f, T x) {
  return with_function(f, ValueAt<T>{x});
}
template <class T>
__device__ T slope_of(const Function& f, T x) {
  return with_function(f, SlopeAt<T>{x});
}

/// The parts of a product after its sum.
template <class T>
struct Epilogue {
  In<T> bias;
  Function activation;
  Out<T> before;
  In<T> residual, scale, shortcut;

  /// y = residual + f(scale ⊙ sum + bias + shortcut)
  __device__ void finish(Index i, Index j, T sum, const Out<T>& y) const {
    if (scale) sum *= scale(0, j);
    if (bias) sum += bias(0, j);
    if (shortcut) sum += shortcut(i, j);
    if (before) before(i, j) = sum;
    const T value = value_of(activation, sum);
    y(i, j) = residual ? residual(i, j) + value : value;
  }
};

}  // namespace clip_cuda::kernels

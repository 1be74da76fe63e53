// clip/backend/cuda/kernels/dispatch.cuh: from plain matrices with a type tag to kernels of one type.
#pragma once

#include <clip/backend/cuda/kernels/functions.cuh>
#include <clip/backend/cuda/kernels/work.cuh>

#include <tuple>

namespace clip_cuda::kernels {

/// A block of two linear layers.
template <class T>
struct FeedForward {
  In<T> gain, bias;
  double epsilon;
  In<T> w1, b1, w2, b2, scale, residual;
};

/// An argument of a primitive as kernels of T take it.
template <class T, class X>
const X& typed(const X& x) {
  return x;
}
template <class T>
View<T> typed(const Matrix& m) {
  return {static_cast<T*>(m.data), m.rows, m.cols, m.stride};
}
template <class T>
Acc<T> typed(const Sum& sum) {
  return {typed<T>(sum.target), sum.fresh};
}
template <class T>
Epilogue<T> typed(const ProductEpilogue& e) {
  return {typed<T>(e.bias),     e.activation,      typed<T>(e.before),
          typed<T>(e.residual), typed<T>(e.scale), typed<T>(e.shortcut)};
}
template <class T>
FeedForward<T> typed(const FeedForwardBlock& f) {
  return {typed<T>(f.gain), typed<T>(f.bias), f.epsilon,         typed<T>(f.w1),      typed<T>(f.b1),
          typed<T>(f.w2),   typed<T>(f.b2),   typed<T>(f.scale), typed<T>(f.residual)};
}
template <class T, class... X>
auto all_typed(const X&... x) {
  return std::tuple<decltype(typed<T>(x))...>{typed<T>(x)...};
}

template <class... Rest>
Type type_of_first(const Matrix& first, const Rest&...) {
  return first.type;
}
template <class... Rest>
Type type_of_first(const WeightUpdates& first, const Rest&...) {
  return first.type;
}
template <class First, class... Rest>
Type type_of_first(const First&, const Rest&... rest) {
  return type_of_first(rest...);
}

/// f(T{}) with the type that a tag means.
template <class F>
auto with_type(Type type, const F& f) {
  return type == Type::f64 ? f(double{}) : f(float{});
}

}  // namespace clip_cuda::kernels

// The launch function of a primitive: kernels::name<T>(work, …) for the type of its first matrix or table.
#define CLIP_CUDA_PRIMITIVE(result, name, parameters, arguments)                                     \
  result name CLIP_CUDA_CALL parameters {                                                            \
    Work work{call, #name};                                                                          \
    return kernels::with_type(kernels::type_of_first arguments, [&]<class Scalar>(Scalar) {          \
      return std::apply([&](const auto&... typed) { return kernels::name<Scalar>(work, typed...); }, \
                        kernels::all_typed<Scalar> arguments);                                       \
    });                                                                                              \
  }

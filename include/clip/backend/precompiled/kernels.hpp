// clip/backend/precompiled/kernels.hpp: a table of compiled kernels: what clip::precompiled holds once per instruction set.
//
// Both sides of the table are compiled from the same headers, for different machines: their types have the same layout under
// different names (CLIP_ABI). Views and other small values cross it as they are, larger ones (Sequences, the workers) by address;
// an error crosses as its parts, because a type that is caught goes by its name.
#pragma once

#include <clip/backend/concept.hpp>
#include <clip/backend/cpu/handle.hpp>
#include <clip/backend/precompiled/primitives.hpp>

#include <cstddef>
#include <string>
#include <tuple>
#include <type_traits>

namespace clip::inline CLIP_ABI::detail {

/// Functions that kernels are compiled with.
using KnownFunctions = std::tuple<fn::Identity, fn::Relu, fn::QuickGelu, fn::Gelu, fn::GeluTanh>;

/// A function on its way across: the number of a known one, or how to call one of the user's own, value by value.
struct FunctionCall {
  std::size_t known = std::tuple_size_v<KnownFunctions>;
  const void* functor = nullptr;
  float (*value)(const void*, float) = nullptr;
  float (*derivative)(const void*, float) = nullptr;

  float operator()(float x) const { return value(functor, x); }
  float slope(float x) const { return derivative(functor, x); }
};

/// A clip::Error on its way across.
struct Failure {
  int kind = -1;
  std::string place, message;
};

/// `cpu` is the caller's handle: kernels use its threads and scratch.
struct Kernels {
  using T = float;

  std::size_t bytes = sizeof(Kernels), bytes_of_workers = sizeof(cpu::Workers);
  bool takes_bfloat16;  // in products
  double (*peak_flops)(Layout weights, int threads);

  void (*map)(CpuHandle& cpu, Failure&, const FunctionCall& f, In<T> x, Out<T> y);
  void (*map_slope)(CpuHandle& cpu, Failure&, const FunctionCall& f, In<T> x, In<T> dy, Acc<T> dx);
  void (*linear)(CpuHandle& cpu, Failure&, const FunctionCall& f, In<T> x, Weights<T> w, const Epilogue<T>& epilogue,
                 Out<T> y);
  void (*project)(CpuHandle& cpu, Failure&, const FunctionCall& f, In<T> x, Weights<T> p, const Epilogue<T>& epilogue,
                  Out<T> y);
  void (*feed_forward)(CpuHandle& cpu, Failure&, const FunctionCall& f, In<T> x, const FeedForward<T>& mlp,
                       Out<T> normed, Out<T> hidden, Out<T> y);
  void (*convolve)(CpuHandle& cpu, Failure&, const FunctionCall& f, In<T> x, Weights<T> w, Grid grid, Window window,
                   const Epilogue<T>& epilogue, Out<T> y);

#define CLIP_REST(...) __VA_OPT__(, ) __VA_ARGS__
#define CLIP_MEMBER(Result, name, parameters, arguments) \
  Result (*name)(CpuHandle & cpu, Failure & CLIP_REST parameters);
#define CLIP_STATIC_MEMBER(Result, name, parameters, arguments) Result(*name) parameters;
  CLIP_PRECOMPILED_PRIMITIVES(CLIP_MEMBER)
  CLIP_PRECOMPILED_STATICS(CLIP_STATIC_MEMBER)
#undef CLIP_MEMBER
#undef CLIP_STATIC_MEMBER
#undef CLIP_REST
};

/// The epilogue with another function in its place.
template <class F, class T, class G>
Epilogue<T, F> with_function(const Epilogue<T, G>& epilogue, const F& f) {
  const auto& [bias, activation, before, residual, scale, shortcut] = epilogue;  // a part more would have to cross, too
  return {bias, f, before, residual, scale, shortcut};
}

}  // namespace clip::inline CLIP_ABI::detail

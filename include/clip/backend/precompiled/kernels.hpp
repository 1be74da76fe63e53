// clip/backend/precompiled/kernels.hpp: table of compiled kernels, one per instruction set of clip::precompiled.
//
// Both sides of the table are compiled from the same headers, for different machines: their types have the same layout
// under different names (CLIP_ABI). Views and other small values cross it as they are, larger ones (Sequences, the
// handle) by address; an error crosses as its parts, because `catch` compares the names of types.
#pragma once

#include <clip/backend/concept.hpp>
#include <clip/backend/convolving.hpp>
#include <clip/backend/cpu/handle.hpp>
#include <clip/backend/fusing.hpp>
#include <clip/backend/packing.hpp>
#include <clip/core/error.hpp>

#include <cstddef>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

namespace clip::inline CLIP_ABI::detail {

/// Functions that kernels are compiled for.
using KnownFunctions = std::tuple<fn::Identity, fn::Relu, fn::QuickGelu, fn::Gelu, fn::GeluTanh>;

/// A function that crosses the boundary: the number of a known one, or pointers that call a user's own value by value.
struct FunctionCall {
  std::size_t known = std::tuple_size_v<KnownFunctions>;
  const void* functor = nullptr;
  float (*value)(const void*, float) = nullptr;
  float (*derivative)(const void*, float) = nullptr;

  float operator()(float x) const { return value(functor, x); }
  float slope(float x) const { return derivative(functor, x); }
};

/// A clip::Error that crosses the boundary.
struct Failure {
  int kind = -1;
  const char* id = nullptr;  // a literal
  std::string place, message;
};

// The parameters of a primitive after others: CLIP_REST(a, b) is `, a, b`.
#define CLIP_REST(...) __VA_OPT__(, ) __VA_ARGS__

/// `cpu` is the caller's handle: kernels use its threads and scratch.
struct Kernels {
  using T = float;
  using F = FunctionCall;

  std::size_t bytes = sizeof(Kernels), bytes_of_workers = sizeof(cpu::Workers);
  bool takes_bfloat16;  // in products
  bool takes_int8;      // in products
  double (*peak_flops)(Failure& failure, Layout weights, int threads);

#define CLIP_PRIMITIVE(result, name, parameters, arguments) \
  result (*name)(CpuHandle & cpu, Failure & CLIP_REST parameters);
#define CLIP_STATIC_PRIMITIVE(result, name, parameters, arguments) result(*name) parameters;
#define CLIP_PRIMITIVES_CORE
#define CLIP_PRIMITIVES_CONVOLVING
#define CLIP_PRIMITIVES_FUSING
#define CLIP_PRIMITIVES_PACKING
#include <clip/backend/primitives.def.hpp>
};

/// Raises the error that a kernel has left, if any.
inline void check(Failure& failure) {
  if (failure.kind >= 0)
    raise(Error{static_cast<ErrorKind>(failure.kind), std::move(failure.place), std::move(failure.message)}.with_id(
        failure.id));
}

/// The epilogue with another function.
template <class F, class T, class G>
Epilogue<T, F> with_function(const Epilogue<T, G>& epilogue, const F& f) {
  const auto& [bias, activation, before, residual, scale, shortcut] =
      epilogue;  // fails to compile when Epilogue gets another part
  return {bias, f, before, residual, scale, shortcut};
}

}  // namespace clip::inline CLIP_ABI::detail

// The kernels of one instruction set as a table. Compiled once per set; CLIP_KERNELS is the only symbol of its object,
// and CLIP_KERNELS_NAME the set's name.
#include "tables.hpp"

#include <clip/backend/cpu.hpp>
#include <clip/backend/cpu/peak.hpp>
#include <clip/backend/precompiled/choose.hpp>
#include <clip/backend/precompiled/kernels.hpp>

#include <cstddef>
#include <tuple>
#include <type_traits>

namespace clip::inline CLIP_ABI::detail {
namespace {

using T = float;
using F = FunctionCall;

/// The caller's backend, computing here.
Cpu<T> backend(const CpuHandle& handle) { return Cpu<T>{handle}; }

/// f(); an error becomes its parts.
template <class F>
auto guarded(Failure& failure, F&& f) -> decltype(f()) {
  try {
    return f();
  } catch (const Error& e) {
    failure = {static_cast<int>(e.kind()), e.id().data(), e.place(), e.message().substr(e.place().size() + 2)};
    return decltype(f())();
  }
}

/// The function an argument of a primitive is or holds; null where it has none.
inline const FunctionCall* function_in(const FunctionCall& call) { return &call; }
inline const FunctionCall* function_in(const Epilogue<T, FunctionCall>& epilogue) { return &epilogue.activation; }
template <class X>
std::nullptr_t function_in(const X&) {
  return nullptr;
}

/// The argument with f as its function.
template <class F>
const F& with(const FunctionCall&, const F& f) {
  return f;
}
template <class F>
Epilogue<T, F> with(const Epilogue<T, FunctionCall>& epilogue, const F& f) {
  return with_function(epilogue, f);
}
template <class X, class F>
const X& with(const X& x, const F&) {
  return x;
}

/// primitive(arguments…) with the known function that the call stands for, or with the call itself.
template <std::size_t known = 0, class P, class... X>
void run_with(const FunctionCall& call, const P& primitive, const X&... arguments) {
  if constexpr (known == std::tuple_size_v<KnownFunctions>) primitive(arguments...);
  else if (call.known == known) primitive(with(arguments, std::tuple_element_t<known, KnownFunctions>{})...);
  else run_with<known + 1>(call, primitive, arguments...);
}

/// primitive(arguments…), compiled once for every known function where one of them is or holds a function.
template <class P, class... X>
decltype(auto) run(const P& primitive, const X&... arguments) {
  if constexpr ((std::is_same_v<decltype(function_in(arguments)), const FunctionCall*> || ...)) {
    const FunctionCall* call = nullptr;
    const auto look = [&](const FunctionCall* found) { call = found ? found : call; };
    (look(function_in(arguments)), ...);
    run_with(*call, primitive, arguments...);
  } else {
    return primitive(arguments...);
  }
}

constexpr Kernels kernel_table{
    .takes_bfloat16 = cpu::has_dot<cpu::Bfloat16Dot, T>,
    .takes_int8 = cpu::has_dot<cpu::Int8Dot, T>,
    .peak_flops =
        [](Failure& failure, Layout weights, int threads) {
          return guarded(failure, [&] { return clip::peak_flops(weights, threads); });
        },
// clang-format off
#define CLIP_PRIMITIVE(result, name, parameters, arguments)                                                  \
  .name = [](CpuHandle& cpu, Failure& failure CLIP_REST parameters) -> result {                              \
    return guarded(failure, [&] {                                                                            \
      return run([&](const auto&... values) -> result { return backend(cpu).name(values...); } CLIP_REST arguments); \
    });                                                                                                      \
  },
#define CLIP_STATIC_PRIMITIVE(result, name, parameters, arguments) \
  .name = [] parameters -> result { return Cpu<T>::name arguments; },
#define CLIP_PRIMITIVES_CORE
#define CLIP_PRIMITIVES_CONVOLVING
#define CLIP_PRIMITIVES_FUSING
#define CLIP_PRIMITIVES_PACKING
#include <clip/backend/primitives.def.hpp>
};
// clang-format on

}  // namespace
}  // namespace clip::inline CLIP_ABI::detail

extern "C" const CLIP_PRECOMPILED(set) * CLIP_KERNELS();
extern "C" const CLIP_PRECOMPILED(set) * CLIP_KERNELS() {
  static const CLIP_PRECOMPILED(set)
      set{.name = CLIP_KERNELS_NAME, .backend = &clip::detail::kernel_table, .images = clip::detail::image_kernels()};
  return &set;
}

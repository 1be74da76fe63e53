// clip/backend/precompiled/cpu.hpp: the CPU backend of programs that link clip::precompiled.
//
// The same class as in backend/cpu.hpp for its users; its primitives run in kernels compiled for several instruction
// sets, one of which is chosen when the program makes its first backend.
#pragma once

#include <clip/backend/concept.hpp>
#include <clip/backend/cpu/handle.hpp>
#include <clip/backend/host_memory.hpp>
#include <clip/backend/precompiled/kernels.hpp>
#include <clip/backend/precompiled/set.hpp>
#include <clip/backend/slow_build.hpp>
#include <clip/core/scalar.hpp>

#include <concepts>
#include <cstddef>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

namespace clip::inline CLIP_ABI {

namespace detail {

/// The kernels of this process. Errors: chosen_set().
inline const Kernels& kernels() {
  static const Kernels& chosen = []() -> const Kernels& {
    const Kernels& table = *static_cast<const Kernels*>(chosen_set().backend);
    if (table.bytes != sizeof(Kernels) || table.bytes_of_workers != sizeof(cpu::Workers))
      raise(SystemError{"clip::precompiled", "it was built from other headers than this program"}.with_id(
          "clip.system.headers"));
    return table;
  }();
  return chosen;
}

/// The index of F among the known functions, or their number.
template <class F, std::size_t at = 0>
constexpr std::size_t number_of() {
  if constexpr (at == std::tuple_size_v<KnownFunctions>) return at;
  else if constexpr (std::is_same_v<F, std::tuple_element_t<at, KnownFunctions>>) return at;
  else return number_of<F, at + 1>();
}

template <class F>
FunctionCall call_of(const F& f) {
  FunctionCall call{.known = number_of<F>()};
  if constexpr (number_of<F>() == std::tuple_size_v<KnownFunctions>) {
    call.functor = &f;
    call.value = [](const void* functor, float x) { return static_cast<float>((*static_cast<const F*>(functor))(x)); };
    if constexpr (requires { f.slope(0.f); })
      call.derivative = [](const void* functor, float x) {
        return static_cast<float>(static_cast<const F*>(functor)->slope(x));
      };
  }
  return call;
}

/// An argument that crosses the boundary: a function becomes a FunctionCall, everything else stays.
template <class X>
decltype(auto) crossing(const X& x) {
  if constexpr (std::invocable<const X&, float>) return call_of(x);
  else return (x);
}
template <class T, class F>
Epilogue<T, FunctionCall> crossing(const Epilogue<T, F>& epilogue) {
  return with_function(epilogue, call_of(epilogue.activation));
}

}  // namespace detail

/// A handle: copies share threads and scratch. Several host threads may call primitives at once; the first uses the
/// pool, the others compute on one thread each, with the same bits.
template <class T = float>
class Cpu : public CpuHandle, public HostMemory<T> {
  static_assert(std::is_same_v<T, float>,
                "clip::precompiled: its kernels compute in float; other types are header-only (clip::clip)");

 public:
  using Scalar = T;

  Cpu() : Cpu{CpuOptions{}} {}
  Cpu(CpuOptions options) : CpuHandle{options} { detail::kernels(); }

  /// The same threads with products in full precision, as losses need them.
  Cpu in_full() const {
    Cpu other{*this};
    other.compute_in(Arithmetic::full);
    return other;
  }

  /// What it computes in: "float32", or "float32, products in bfloat16"; where the kernels cannot, it does not say so.
  std::string numbers() const { return CpuHandle::numbers(ScalarTraits<T>::name, detail::kernels().takes_bfloat16); }
  /// Whether products with int8 weights are products of integers; otherwise the weights are widened on the way, which
  /// is slower than float weights.
  static bool multiplies_int8() { return detail::kernels().takes_int8; }
  /// "cpu float32, x86-64-v4, 2 threads", "cpu float32, x86-64-v3 without bfloat16 products, 2 threads"
  std::string describe() const {
    return CpuHandle::describe(numbers(), detail::chosen_set().name, detail::kernels().takes_bfloat16,
                               multiplies_int8());
  }
  /// Warns once per process if weights in this layout are slower than float weights here.
  static void warn_slow_layout(Layout layout) {
    if (layout == CpuLayout::int8_panels && !multiplies_int8()) cpu::warn_slow_int8();
  }

#define CLIP_PRIMITIVE(result, name, parameters, arguments) \
  result name parameters { return run(detail::kernels().name CLIP_REST arguments); }
#define CLIP_PRIMITIVE_OF_F(name, parameters, arguments) \
  template <class F>                                     \
  CLIP_PRIMITIVE(void, name, parameters, arguments)
#define CLIP_STATIC_PRIMITIVE(result, name, parameters, arguments) \
  static result name parameters { return detail::kernels().name arguments; }
#define CLIP_PRIMITIVES_CORE
#define CLIP_PRIMITIVES_CONVOLVING
#define CLIP_PRIMITIVES_FUSING
#define CLIP_PRIMITIVES_PACKING
#include <clip/backend/primitives.def.hpp>

 private:
  template <class Result, class... Parameters, class... Arguments>
  Result run(Result (*kernel)(CpuHandle&, detail::Failure&, Parameters...), const Arguments&... arguments) {
    detail::Failure failure;
    CpuHandle& handle = *this;
    if constexpr (std::is_void_v<Result>) {
      kernel(handle, failure, detail::crossing(arguments)...);
      detail::check(failure);
    } else {
      const Result result = kernel(handle, failure, detail::crossing(arguments)...);
      detail::check(failure);
      return result;
    }
  }
};

static_assert(ConvolvingBackend<Cpu<float>> && FusingBackend<Cpu<float>> && PackingBackend<Cpu<float>>);

}  // namespace clip::inline CLIP_ABI

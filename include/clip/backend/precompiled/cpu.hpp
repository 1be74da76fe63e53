// clip/backend/precompiled/cpu.hpp: the processor backend of programs that link clip::precompiled.
//
// The same class as in backend/cpu.hpp to those who use it; its primitives run in kernels compiled for several instruction
// sets, one of which is chosen when the program first asks.
#pragma once

#include <clip/backend/concept.hpp>
#include <clip/backend/cpu/handle.hpp>
#include <clip/backend/host_memory.hpp>
#include <clip/backend/precompiled/kernels.hpp>
#include <clip/backend/precompiled/set.hpp>
#include <clip/core/scalar.hpp>

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
    if (table.bytes != sizeof(Kernels) || table.bytes_of_crew != sizeof(Crew))
      raise(SystemError{"clip::precompiled", "it was built from other headers than this program"}.with_id(
          "clip.system.headers"));
    return table;
  }();
  return chosen;
}

/// The place of F among the known functions, or their number.
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

}  // namespace detail

/// A handle: copies share threads and scratch. Several host threads may call primitives at once; the first has the pool,
/// the others compute alone, with the same bits.
template <class T = float>
class Cpu : public CpuHandle, public HostMemory<T> {
  static_assert(std::is_same_v<T, float>,
                "clip::precompiled: its kernels compute in float; other types are header-only (clip::clip)");

 public:
  using Scalar = T;

  Cpu() : Cpu{CpuOptions{}} {}
  Cpu(CpuOptions options) : CpuHandle{options} { detail::kernels(); }

  /// The same threads, products computed in T: for what must not be rounded, a loss.
  Cpu in_full() const {
    Cpu other{*this};
    other.compute_in(Arithmetic::full);
    return other;
  }

  /// What it computes in: "float32", or "float32, products in bfloat16"; where the kernels cannot, it does not say so.
  std::string numbers() const { return CpuHandle::numbers(ScalarTraits<T>::name, table().takes_bfloat16); }
  /// "cpu float32, x86-64-v4, 2 threads"
  std::string describe() const { return CpuHandle::describe(numbers(), detail::chosen_set().name); }

  template <class F>
  void map(F f, In<T> x, Out<T> y) {
    run(table().map, detail::call_of(f), x, y);
  }
  template <class F>
  void map_slope(F f, In<T> x, In<T> dy, Acc<T> dx) {
    run(table().map_slope, detail::call_of(f), x, dy, dx);
  }
  template <class F>
  void linear(In<T> x, Weights<T> w, const Epilogue<T, F>& epilogue, Out<T> y) {
    run(table().linear, detail::call_of(epilogue.activation), x, w, detail::with_function(epilogue, fn::Identity{}), y);
  }
  template <class F>
  void project(In<T> x, Weights<T> p, const Epilogue<T, F>& epilogue, Out<T> y) {
    run(table().project, detail::call_of(epilogue.activation), x, p, detail::with_function(epilogue, fn::Identity{}),
        y);
  }
  template <class F>
  void feed_forward(In<T> x, const FeedForward<T>& mlp, F f, Out<T> normed, Out<T> hidden, Out<T> y) {
    run(table().feed_forward, detail::call_of(f), x, mlp, normed, hidden, y);
  }
  template <class F>
  void convolve(In<T> x, Weights<T> w, Grid grid, Window window, const Epilogue<T, F>& epilogue, Out<T> y) {
    run(table().convolve, detail::call_of(epilogue.activation), x, w, grid, window,
        detail::with_function(epilogue, fn::Identity{}), y);
  }

#define CLIP_REST(...) __VA_OPT__(, ) __VA_ARGS__
#define CLIP_MEMBER(Result, name, parameters, arguments) \
  Result name parameters { return run(table().name CLIP_REST arguments); }
#define CLIP_STATIC_MEMBER(Result, name, parameters, arguments) \
  static Result name parameters { return table().name arguments; }
  CLIP_PRECOMPILED_PRIMITIVES(CLIP_MEMBER)
  CLIP_PRECOMPILED_STATICS(CLIP_STATIC_MEMBER)
#undef CLIP_MEMBER
#undef CLIP_STATIC_MEMBER
#undef CLIP_REST

 private:
  static const detail::Kernels& table() { return detail::kernels(); }

  template <class Result, class... Parameters, class... Arguments>
  Result run(Result (*kernel)(CpuHandle&, detail::Failure&, Parameters...), const Arguments&... arguments) {
    detail::Failure failure;
    const auto check = [&] {
      if (failure.kind >= 0)
        raise(Error{static_cast<ErrorKind>(failure.kind), std::move(failure.place), std::move(failure.message)});
    };
    CpuHandle& handle = *this;
    if constexpr (std::is_void_v<Result>) {
      kernel(handle, failure, arguments...);
      check();
    } else {
      const Result result = kernel(handle, failure, arguments...);
      check();
      return result;
    }
  }
};

static_assert(Backend<Cpu<float>>);

}  // namespace clip::inline CLIP_ABI

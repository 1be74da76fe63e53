// The kernels of one instruction set as a table. Compiled once per set; CLIP_KERNELS is the one symbol its object shows, and
// CLIP_KERNELS_NAME the set's name.
#include "tables.hpp"

#include <clip/backend/cpu.hpp>
#include <clip/backend/cpu/peak.hpp>
#include <clip/backend/precompiled/choose.hpp>
#include <clip/backend/precompiled/kernels.hpp>

namespace clip::inline CLIP_ABI::detail {
namespace {

using T = float;

/// The caller's backend, computing here.
Cpu<T> backend(const CpuHandle& handle) { return Cpu<T>{handle}; }

/// f(), an error of ours told by its parts.
template <class F>
auto guarded(Failure& failure, F&& f) -> decltype(f()) {
  try {
    return f();
  } catch (const Error& e) {
    failure = {static_cast<int>(e.kind()), e.place(), e.message().substr(e.place().size() + 2)};
    return decltype(f())();
  }
}

/// run(function) for the function that a call means.
template <std::size_t known = 0, class F>
void with(const FunctionCall& call, F&& run) {
  if constexpr (known == std::tuple_size_v<KnownFunctions>) run(call);
  else if (call.known == known) run(std::tuple_element_t<known, KnownFunctions>{});
  else with<known + 1>(call, run);
}

constexpr Kernels kernel_table{
    .takes_bfloat16 = cpu::has_dot<cpu::Bfloat16Dot, T>,
    .peak_flops = [](Layout weights, int threads) { return clip::peak_flops(weights, threads); },
    .map = [](CpuHandle& cpu, Failure& failure, const FunctionCall& call, In<T> x,
              Out<T> y) { guarded(failure, [&] { with(call, [&](auto f) { backend(cpu).map(f, x, y); }); }); },
    .map_slope = [](CpuHandle& cpu, Failure& failure, const FunctionCall& call, In<T> x, In<T> dy,
                    Acc<T> dx) { guarded(failure, [&] { with(call, [&](auto f) { backend(cpu).map_slope(f, x, dy, dx); }); }); },
    .linear = [](CpuHandle& cpu, Failure& failure, const FunctionCall& call, In<T> x, Weights<T> w, const Epilogue<T>& epilogue,
                 Out<T> y) { guarded(failure, [&] { with(call, [&](auto f) { backend(cpu).linear(x, w, with_function(epilogue, f), y); }); }); },
    .project = [](CpuHandle& cpu, Failure& failure, const FunctionCall& call, In<T> x, Weights<T> p, const Epilogue<T>& epilogue,
                  Out<T> y) { guarded(failure, [&] { with(call, [&](auto f) { backend(cpu).project(x, p, with_function(epilogue, f), y); }); }); },
    .feed_forward =
        [](CpuHandle& cpu, Failure& failure, const FunctionCall& call, In<T> x, const FeedForward<T>& mlp, Out<T> normed, Out<T> hidden, Out<T> y) {
          guarded(failure, [&] { with(call, [&](auto f) { backend(cpu).feed_forward(x, mlp, f, normed, hidden, y); }); });
        },
    .convolve =
        [](CpuHandle& cpu, Failure& failure, const FunctionCall& call, In<T> x, Weights<T> w, Grid grid, Window window, const Epilogue<T>& epilogue, Out<T> y) {
          guarded(failure, [&] { with(call, [&](auto f) { backend(cpu).convolve(x, w, grid, window, with_function(epilogue, f), y); }); });
        },

#define CLIP_REST(...) __VA_OPT__(, ) __VA_ARGS__
#define CLIP_KERNEL(Result, name, parameters, arguments) \
  .name = [](CpuHandle& cpu, Failure& failure CLIP_REST parameters) -> Result { return guarded(failure, [&] { return backend(cpu).name arguments; }); },
#define CLIP_STATIC_KERNEL(Result, name, parameters, arguments) .name = [] parameters -> Result { return Cpu<T>::name arguments; },
    CLIP_PRECOMPILED_PRIMITIVES(CLIP_KERNEL) CLIP_PRECOMPILED_STATICS(CLIP_STATIC_KERNEL)};

}  // namespace
}  // namespace clip::inline CLIP_ABI::detail

extern "C" const CLIP_PRECOMPILED(set) * CLIP_KERNELS();
extern "C" const CLIP_PRECOMPILED(set) * CLIP_KERNELS() {
  static const CLIP_PRECOMPILED(set) set{.name = CLIP_KERNELS_NAME, .backend = &clip::detail::kernel_table, .images = clip::detail::image_kernels()};
  return &set;
}

// The kernels of one instruction set as a table. Compiled once per set; CLIP_KERNELS is the only symbol of its object,
// and CLIP_KERNELS_NAME the set's name.
#include "calls.hpp"
#include "tables.hpp"

#include <clip/backend/cpu.hpp>
#include <clip/backend/cpu/peak.hpp>
#include <clip/backend/precompiled/choose.hpp>
#include <clip/backend/precompiled/kernels.hpp>

namespace clip::inline CLIP_ABI::detail {
namespace {

/// The caller's backend, computing here.
Cpu<T> backend(const CpuHandle& handle) { return Cpu<T>{handle}; }

constexpr Kernels kernel_table{
    .takes_bfloat16 = cpu::has_dot<cpu::Bfloat16Dot, T>,
    .takes_int8 = cpu::has_dot<cpu::Int8Dot, T>,
    .peak_flops = [](Failure& failure, Layout weights,
                     int threads) { return guarded(failure, [&] { return clip::peak_flops(weights, threads); }); },
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

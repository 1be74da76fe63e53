// clip/backend/cpu/peak.hpp: peak arithmetic rate of the cores: multiply-adds on registers only.
#pragma once

#if defined(CLIP_WITH_PRECOMPILED)
#include <clip/backend/precompiled/peak.hpp>  // the same for the linked kernels
#else

#include <clip/backend/cpu/simd/dot.hpp>
#include <clip/backend/cpu/simd/int8_dot.hpp>
#include <clip/backend/cpu/weights/layouts.hpp>
#include <clip/backend/start_thread.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <thread>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace cpu {

/// Independent multiply-adds in flight: enough to hide their latency.
inline constexpr Index peak_chains = EIGEN_ARCH_DEFAULT_NUMBER_OF_REGISTERS >= 32   ? 16
                                     : EIGEN_ARCH_DEFAULT_NUMBER_OF_REGISTERS >= 16 ? 12
                                                                                    : 4;

/// x = step(x) for every chain, `rounds` times; `x` holds the first values of the chains and receives the last.
template <class Packet, class Value, class Step, Index... chain>
[[gnu::noinline]] void run_chains(std::integer_sequence<Index, chain...>, Index rounds, Value* x, Step step) {
  Packet v[sizeof...(chain)] = {Packet::load(x + chain * Packet::size)...};
  for (Index round = 0; round < rounds; ++round) ((v[chain] = step(v[chain])), ...);
  (v[chain].store(x + chain * Packet::size), ...);
}

/// Calls of work() per second by `threads` threads together: the best of a few short runs.
template <class Work>
double calls_per_second(int threads, Work work) {
  using Clock = std::chrono::steady_clock;
  double best = 0;
  for (int run = 0; run < 4; ++run) {
    std::atomic<long> calls{0};
    const auto begin = Clock::now(), end = begin + std::chrono::milliseconds(10);
    std::vector<std::jthread> others;  // joined also where one more cannot be started
    const auto call_until_end = [&] {
      long count = 0;
      for (; Clock::now() < end; ++count) work();
      calls += count;
    };
    others.reserve(static_cast<std::size_t>(threads > 1 ? threads - 1 : 0));
    for (int t = 1; t < threads; ++t) detail::start_thread(others, "peak_flops", threads, call_until_end);
    call_until_end();
    for (std::jthread& t : others) t.join();
    best =
        std::max(best, static_cast<double>(calls.load()) / std::chrono::duration<double>(Clock::now() - begin).count());
  }
  return best;
}

/// Operations per second, `operations` of them per step of a chain. Packet : a packet of Values
template <class Packet, class Value, class Step>
double measure_peak(int threads, Index operations, Step step) {
  static constexpr Index rounds = 20'000, count = peak_chains * Packet::size;
  const auto work = [step] {
    alignas(64) Value x[count];
    // The chains differ, so that the compiler keeps them all.
    for (Index i = 0; i < count; ++i) x[i] = static_cast<Value>(i);
    run_chains<Packet>(std::make_integer_sequence<Index, peak_chains>{}, rounds, x, step);
    volatile Value kept = std::accumulate(x, x + count, Value(0));
    (void)kept;
  };
  return calls_per_second(threads, work) * static_cast<double>(rounds * peak_chains * operations);
}

/// The same for dot-product instructions.
template <class Dot>
double measure_dot_peak(int threads, typename Dot::Lane ones) {
  using Sums = typename Dot::SumPacket;
  const typename Dot::LanePacket lanes(ones);
  return measure_peak<Sums, typename Dot::Sum>(threads, 2 * Dot::values_per_lane * Sums::size, [lanes](Sums x) {
    if constexpr (is_avx2) return Dot::add(x, lanes, x);  // a product of constants would leave the loop
    else return Dot::add(lanes, lanes, x);
  });
}

}  // namespace cpu

/// Floating-point operations per second of `threads` threads, a multiply-add counting as two. Measures for 40 ms.
template <class T = float>
double peak_flops(int threads) {
  using P = cpu::Simd<T>;
  const P half(0.5);
  return cpu::measure_peak<P, T>(threads, 2 * P::size, [half](P x) { return fma(x, half, half); });
}

/// The same for products with weights of this layout, in the arithmetic of their kernels.
inline double peak_flops(Layout weights, int threads) {
  const auto peak_of = [&]<class Dot>(Dot, std::uint32_t ones) {
    if constexpr (Dot::native) return cpu::measure_dot_peak<Dot>(threads, ones);
    else return peak_flops<float>(threads);
  };
  if (weights == CpuLayout::bfloat16_panels) return peak_of(cpu::Bfloat16Dot{}, 0x3F803F80);
  if (weights == CpuLayout::int8_panels) return peak_of(cpu::Int8Dot{}, 0x01010101);
  return peak_flops<float>(threads);
}

}  // namespace clip::inline CLIP_ABI

#endif

// clip/backend/cpu/peak.hpp: what the cores do at most: multiply-adds that touch nothing but registers.
#pragma once

#if defined(CLIP_WITH_PRECOMPILED)
#include <clip/backend/precompiled/peak.hpp>  // what the linked kernels could do
#else

#include <clip/backend/cpu/simd/dot.hpp>
#include <clip/backend/cpu/weights/layouts.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <numeric>
#include <thread>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {

/// Multiply-adds in flight: enough to hide how long each takes.
inline constexpr Index peak_chains = EIGEN_ARCH_DEFAULT_NUMBER_OF_REGISTERS >= 32   ? 16
                                     : EIGEN_ARCH_DEFAULT_NUMBER_OF_REGISTERS >= 16 ? 12
                                                                                    : 4;

/// x = step(x) for every chain, round after round; `x` holds where each begins and then where it ends.
template <class V, class Value, class Step, Index... chain>
[[gnu::noinline]] void run_chains(std::integer_sequence<Index, chain...>, Index rounds, Value* x, Step step) {
  V v[sizeof...(chain)] = {V::load(x + chain * V::size)...};
  for (Index round = 0; round < rounds; ++round) ((v[chain] = step(v[chain])), ...);
  (v[chain].store(x + chain * V::size), ...);
}

/// Calls a second of work(), which threads make side by side: the best of a few short runs.
template <class Work>
double calls_a_second(int threads, Work work) {
  using Clock = std::chrono::steady_clock;
  double best = 0;
  for (int run = 0; run < 4; ++run) {
    std::atomic<long> calls{0};
    const auto begin = Clock::now(), end = begin + std::chrono::milliseconds(10);
    std::vector<std::thread> crew;
    const auto until_end = [&] {
      long own = 0;
      for (; Clock::now() < end; ++own) work();
      calls += own;
    };
    for (int t = 1; t < threads; ++t) crew.emplace_back(until_end);
    until_end();
    for (std::thread& t : crew) t.join();
    best =
        std::max(best, static_cast<double>(calls.load()) / std::chrono::duration<double>(Clock::now() - begin).count());
  }
  return best;
}

/// Operations a second where one step of a chain does `operations` of them. V : a packet of Values
template <class V, class Value, class Step>
double measure_peak(int threads, Index operations, Step step) {
  static constexpr Index rounds = 20'000, count = peak_chains * V::size;
  const auto work = [step] {
    alignas(64) Value x[count];
    for (Index i = 0; i < count; ++i) x[i] = static_cast<Value>(i);  // chains that differ, so that none is left out
    run_chains<V>(std::make_integer_sequence<Index, peak_chains>{}, rounds, x, step);
    volatile Value kept = std::accumulate(x, x + count, Value(0));
    (void)kept;
  };
  return calls_a_second(threads, work) * static_cast<double>(rounds * peak_chains * operations);
}

/// The same for the dot products of small types, if the machine has them.
template <class K>
double peak_of_dots(int threads, typename K::Word ones) {
  using Sums = typename K::Sums;
  const typename K::Words words(ones);
  return measure_peak<Sums, typename K::Sum>(threads, 2 * K::together * Sums::size,
                                             [words](Sums x) { return K::add(words, words, x); });
}

}  // namespace detail

/// Floating-point operations a second of so many threads, a multiply-add being two; 40 ms are spent on finding out.
template <class T = float>
double peak_flops(int threads) {
  using P = Pack<T>;
  const P half(0.5);
  return detail::measure_peak<P, T>(threads, 2 * P::size, [half](P x) { return fma(x, half, half); });
}

/// The same for products with weights of that layout: in the arithmetic they are computed in.
inline double peak_flops(Layout weights, int threads) {
  const auto of = [&]<class K>(K, std::uint32_t ones) {
    if constexpr (K::native) return detail::peak_of_dots<K>(threads, ones);
    else return peak_flops<float>(threads);
  };
  if (weights == CpuLayout::bfloat16_panels) return of(detail::Pairs{}, 0x3F803F80);
  if (weights == CpuLayout::int8_panels) return of(detail::Quads{}, 0x01010101);
  return peak_flops<float>(threads);
}

}  // namespace clip::inline CLIP_ABI

#endif

// clip/backend/cpu/peak.hpp: what the cores do at most: multiply-adds that touch nothing but registers.
#pragma once

#include <clip/backend/cpu/pack.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {

/// Multiply-adds in flight: enough to hide how long each takes.
inline constexpr Index peak_chains = EIGEN_ARCH_DEFAULT_NUMBER_OF_REGISTERS >= 32 ? 16 : EIGEN_ARCH_DEFAULT_NUMBER_OF_REGISTERS >= 16 ? 12 : 4;

/// x = step(x), round after round, for chains that begin differently, so that none of them can be left out.
template <class V, class Start, class Step, Index... chain>
[[gnu::noinline]] V run_chains(std::integer_sequence<Index, chain...>, Index rounds, Start start, Step step) {
  V x[sizeof...(chain)] = {start(chain)...};
  for (Index round = 0; round < rounds; ++round) ((x[chain] = step(x[chain])), ...);
  for (Index i = 1; i < static_cast<Index>(sizeof...(chain)); ++i) x[0] = x[0] + x[i];
  return x[0];
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
    best = std::max(best, static_cast<double>(calls.load()) / std::chrono::duration<double>(Clock::now() - begin).count());
  }
  return best;
}

/// Operations a second where one step of a chain does `operations` of them.
template <class V, class Start, class Step>
double measure_peak(int threads, double operations, Start start, Step step) {
  constexpr Index rounds = 20'000;
  const auto work = [&] {
    volatile auto kept = run_chains<V>(std::make_integer_sequence<Index, peak_chains>{}, rounds, start, step).sum();
    (void)kept;
  };
  return calls_a_second(threads, work) * static_cast<double>(rounds * peak_chains) * operations;
}

}  // namespace detail

/// Floating-point operations a second of so many threads, a multiply-add being two; 40 ms are spent on finding out.
template <class T = float>
double peak_flops(int threads) {
  using P = Pack<T>;
  const P half(0.5);
  return detail::measure_peak<P>(
      threads, 2.0 * static_cast<double>(P::size), [](Index chain) { return P(chain); }, [half](P x) { return fma(x, half, half); });
}

}  // namespace clip::inline CLIP_ABI

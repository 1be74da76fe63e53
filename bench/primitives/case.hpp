// Benchmark of the primitives of the CPU backend, at the shapes of a large tower and of a small model in training.
//   bench_primitives --benchmark_filter=linear
// Rates are operations per second (a multiply-add is two) for products, bytes per second for the rest. The last
// argument is the number of threads.
#pragma once

#include <clip/backend/cpu.hpp>
#include <clip/core/rng.hpp>

#include <benchmark/benchmark.h>

#include <cstddef>
#include <vector>

namespace clip::bench {

struct Matrix {
  Index rows, cols;
  std::vector<float> values;
  Matrix(Index rows_, Index cols_) : rows{rows_}, cols{cols_}, values(static_cast<std::size_t>(rows * cols)) {
    Rng rng{1};
    for (float& v : values) v = static_cast<float>(rng.uniform(1));
  }
  operator View<float>() { return {values.data(), rows, cols}; }
  operator In<float>() const { return {values.data(), rows, cols}; }
  View<float> columns(Index begin, Index n) { return View<float>{*this}.middle_cols(begin, n); }
};

inline void operations(benchmark::State& state, double per_step) {
  state.counters["GFLOP/s"] = benchmark::Counter(per_step * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
}
inline void bytes(benchmark::State& state, double per_step) {
  state.counters["GB/s"] = benchmark::Counter(per_step * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
}

/// A backend with the number of threads that an argument of the case gives.
inline Cpu<float> cpu_of(const benchmark::State& state, std::size_t argument) {
  return Cpu<float>{{.threads = static_cast<int>(state.range(argument))}};
}

}  // namespace clip::bench

// Benchmark of memory-bound primitives (norms, activations, losses, optimiser steps) and of an empty parallel region.
#include "case.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace {

using namespace clip;
using namespace clip::bench;

/// Runs f for (rows, columns, threads); `values_moved` counts reads and writes per element.
template <class F>
void rows_and_columns(benchmark::State& state, F f, double values_moved) {
  Cpu<float> cpu = cpu_of(state, 2);
  f(cpu, state.range(0), state.range(1), state);
  bytes(state, values_moved * 4 * static_cast<double>(state.range(0) * state.range(1)));
}
void layer_norm(benchmark::State& state) {
  rows_and_columns(
      state,
      [](Cpu<float>& cpu, Index m, Index n, benchmark::State& s) {
        Matrix x{m, n}, gain{1, n}, bias{1, n}, y{m, n}, saved{m, 2};
        for (auto _ : s) cpu.layer_norm(x, gain, bias, 1e-5, y, saved);
      },
      2);
}
void layer_norm_backward(benchmark::State& state) {
  rows_and_columns(
      state,
      [](Cpu<float>& cpu, Index m, Index n, benchmark::State& s) {
        Matrix x{m, n}, gain{1, n}, saved{m, 2}, dy{m, n}, dx{m, n}, dgain{1, n}, dbias{1, n};
        for (auto _ : s)
          cpu.layer_norm_backward(x, gain, saved, dy, Acc<float>{dx, false}, Acc<float>{dgain, false},
                                  Acc<float>{dbias, false});
      },
      4);
}
void batch_norm(benchmark::State& state) {
  rows_and_columns(
      state,
      [](Cpu<float>& cpu, Index m, Index n, benchmark::State& s) {
        Matrix x{m, n}, gain{1, n}, bias{1, n}, y{m, n}, saved{2, n};
        for (auto _ : s) cpu.batch_norm(x, gain, bias, 1e-5, y, saved);
      },
      4);
}
void batch_norm_backward(benchmark::State& state) {
  rows_and_columns(
      state,
      [](Cpu<float>& cpu, Index m, Index n, benchmark::State& s) {
        Matrix x{m, n}, gain{1, n}, saved{2, n}, dy{m, n}, dx{m, n}, dgain{1, n}, dbias{1, n};
        const In<float> kept = saved;
        for (auto _ : s)
          cpu.batch_norm_backward(x, kept.middle_rows(0, 1), kept.middle_rows(0, 1), gain, 1e-5, dy, true,
                                  Acc<float>{dx, true}, Acc<float>{dgain, false}, Acc<float>{dbias, false});
      },
      5);
}
void column_sum(benchmark::State& state) {
  rows_and_columns(
      state,
      [](Cpu<float>& cpu, Index m, Index n, benchmark::State& s) {
        Matrix x{m, n}, sum{1, n};
        for (auto _ : s) cpu.column_sum(x, Acc<float>{sum, false});
      },
      1);
}
void quick_gelu_slope(benchmark::State& state) {
  rows_and_columns(
      state,
      [](Cpu<float>& cpu, Index m, Index n, benchmark::State& s) {
        Matrix x{m, n}, dy{m, n}, dx{m, n};
        for (auto _ : s) cpu.map_slope(fn::QuickGelu{}, x, dy, Acc<float>{dx, true});
      },
      3);
}
template <class F>
void activation(benchmark::State& state) {
  rows_and_columns(
      state,
      [](Cpu<float>& cpu, Index m, Index n, benchmark::State& s) {
        Matrix x{m, n}, y{m, n};
        for (auto _ : s) cpu.map(F{}, x, y);
      },
      2);
}
void gelu(benchmark::State& state) { activation<fn::Gelu>(state); }
void quick_gelu(benchmark::State& state) { activation<fn::QuickGelu>(state); }
void cross_entropy_both(benchmark::State& state) {
  rows_and_columns(
      state,
      [](Cpu<float>& cpu, Index m, Index n, benchmark::State& s) {
        Matrix logits{m, n}, loss{1, 1}, rows{1, m}, cols{1, n}, d{m, n};
        std::vector<std::int32_t> ids;
        for (Index i = 0; i < std::max(m, n); ++i) ids.push_back(static_cast<std::int32_t>(i));
        const Ids r = Ids{ids}.first(static_cast<std::size_t>(m)), c = Ids{ids}.first(static_cast<std::size_t>(n));
        for (auto _ : s) {
          cpu.cross_entropy(logits, r, c, Axis::rows, 0.5, Acc<float>{loss, true}, rows);
          cpu.cross_entropy(logits, r, c, Axis::columns, 0.5, Acc<float>{loss, false}, cols);
          cpu.cross_entropy_backward(logits, r, c, Axis::rows, 0.5, rows, loss, Acc<float>{d, true});
          cpu.cross_entropy_backward(logits, r, c, Axis::columns, 0.5, cols, loss, Acc<float>{d, false});
        }
      },
      8);
}
void adamw(benchmark::State& state) {
  rows_and_columns(
      state,
      [](Cpu<float>& cpu, Index m, Index n, benchmark::State& s) {
        Matrix p{m, n}, g{m, n}, first{m, n}, second{m, n};
        cpu.fill(second, 1.0f);
        const WeightUpdate<float> weight{
            .value = p, .gradient = g, .first = first, .second = second, .weight_decay = 0.2};
        const UpdateTable<float> table{{&weight, 1}, next_stamp()};
        for (auto _ : s) cpu.adamw(table, {1e-3, 0.9, 0.98, 1e-6, 0.1, 0.02}, nullptr);
      },
      7);
}
void gradient_norm(benchmark::State& state) {
  rows_and_columns(
      state,
      [](Cpu<float>& cpu, Index m, Index n, benchmark::State& s) {
        Matrix x{m, n};
        const WeightUpdate<float> weight{.gradient = x};
        const UpdateTable<float> table{{&weight, 1}, next_stamp()};
        StepNumbers numbers;
        for (auto _ : s) {
          cpu.measure(table, {}, 1, &numbers);
          benchmark::DoNotOptimize(numbers);
        }
      },
      1);
}

void row_sizes(benchmark::internal::Benchmark* b) {
  for (const long threads : {1L, 2L})
    b->Args({4352, 64, threads})->Args({4352, 256, threads})->Args({1600, 768, threads});
  b->UseRealTime()->Unit(benchmark::kMicrosecond);
}
BENCHMARK(layer_norm)->Apply(row_sizes);
BENCHMARK(layer_norm_backward)->Apply(row_sizes);
BENCHMARK(batch_norm)->Apply(row_sizes);
BENCHMARK(batch_norm_backward)->Apply(row_sizes);
BENCHMARK(column_sum)->Apply(row_sizes);
BENCHMARK(quick_gelu_slope)->Apply(row_sizes);
BENCHMARK(gelu)->Apply(row_sizes)->Args({16, 512, 1});  // the last case fits in the first-level cache
BENCHMARK(quick_gelu)->Apply(row_sizes)->Args({16, 512, 1});
BENCHMARK(adamw)->Apply(row_sizes);
BENCHMARK(gradient_norm)->Apply(row_sizes);
BENCHMARK(cross_entropy_both)
    ->Args({256, 256, 1})
    ->Args({256, 256, 2})
    ->Args({50, 50, 1})
    ->Args({50, 50, 2})
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);

/// Overhead of a parallel region.
void region(benchmark::State& state) {
  ThreadPool pool{static_cast<int>(state.range(0))};
  for (auto _ : state) pool.parallel(state.range(0), [](Index i) { benchmark::DoNotOptimize(i); });
}
BENCHMARK(region)->Arg(1)->Arg(2)->UseRealTime();

}  // namespace

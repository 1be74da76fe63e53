// Benchmark of matrix products: forward, backward and weight gradients, in float and bfloat16.
#include "case.hpp"

#include <cstddef>
#include <vector>

namespace {

using namespace clip;
using namespace clip::bench;

void linear_panels(benchmark::State& state) {
  const Index m = state.range(0), k = state.range(1), n = state.range(2);
  Cpu<float> cpu = cpu_of(state, 3);
  Matrix x{m, k}, w{n, k}, bias{1, n}, y{m, n};
  std::vector<std::byte> panels(cpu.packed_bytes(CpuLayout::panels, n, k));
  cpu.pack(Use::linear, 1, In<float>(w), CpuLayout::panels, panels.data());
  const Weights<float> packed{In<float>{reinterpret_cast<const float*>(panels.data()), n, k}, CpuLayout::panels};
  for (auto _ : state) cpu.linear(x, packed, Epilogue<float>{bias, {}, {}, {}}, y);
  operations(state, 2.0 * static_cast<double>(m * n * k));
}

void linear_rows(benchmark::State& state) {
  const Index m = state.range(0), k = state.range(1), n = state.range(2);
  Cpu<float> cpu = cpu_of(state, 3);
  Matrix x{m, k}, w{n, k}, bias{1, n}, y{m, n};
  for (auto _ : state) cpu.linear(x, In<float>(w), Epilogue<float>{bias, {}, {}, {}}, y);
  operations(state, 2.0 * static_cast<double>(m * n * k));
}

void linear_quick_gelu(benchmark::State& state) {
  const Index m = state.range(0), k = state.range(1), n = state.range(2);
  Cpu<float> cpu = cpu_of(state, 3);
  Matrix x{m, k}, w{n, k}, bias{1, n}, before{m, n}, y{m, n};
  for (auto _ : state) cpu.linear(x, In<float>(w), Epilogue<float, fn::QuickGelu>{bias, {}, before, {}}, y);
  operations(state, 2.0 * static_cast<double>(m * n * k));
}

void project_rows(benchmark::State& state) {
  const Index m = state.range(0), k = state.range(1), n = state.range(2);
  Cpu<float> cpu = cpu_of(state, 3);
  Matrix x{m, k}, p{k, n}, y{m, n};
  for (auto _ : state) cpu.project(x, In<float>(p), Epilogue<float>{}, y);
  operations(state, 2.0 * static_cast<double>(m * n * k));
}

void outer(benchmark::State& state) {
  const Index r = state.range(0), k = state.range(1), n = state.range(2);
  Cpu<float> cpu = cpu_of(state, 3);
  Matrix a{r, n}, b{r, k}, c{n, k};
  for (auto _ : state) cpu.outer(a, b, Acc<float>{c, true});
  operations(state, 2.0 * static_cast<double>(r * n * k));
}

/// Backend of the products of training in bfloat16: x wᵀ, dy w, dyᵀ x.
Cpu<float> reduced(const benchmark::State& state) {
  return Cpu<float>{{.threads = static_cast<int>(state.range(3)), .arithmetic = Arithmetic::bfloat16}};
}
void linear_bfloat16(benchmark::State& state) {
  const Index m = state.range(0), k = state.range(1), n = state.range(2);
  Cpu<float> cpu = reduced(state);
  Matrix x{m, k}, w{n, k}, bias{1, n}, y{m, n};
  for (auto _ : state) cpu.linear(x, In<float>(w), Epilogue<float>{bias, {}, {}, {}}, y);
  operations(state, 2.0 * static_cast<double>(m * n * k));
}
void project_bfloat16(benchmark::State& state) {
  const Index m = state.range(0), k = state.range(1), n = state.range(2);
  Cpu<float> cpu = reduced(state);
  Matrix x{m, k}, p{k, n}, y{m, n};
  for (auto _ : state) cpu.project(x, In<float>(p), Epilogue<float>{}, y);
  operations(state, 2.0 * static_cast<double>(m * n * k));
}
void outer_bfloat16(benchmark::State& state) {
  const Index r = state.range(0), k = state.range(1), n = state.range(2);
  Cpu<float> cpu = reduced(state);
  Matrix a{r, n}, b{r, k}, c{n, k};
  for (auto _ : state) cpu.outer(a, b, Acc<float>{c, true});
  operations(state, 2.0 * static_cast<double>(r * n * k));
}

void sizes_of_models(benchmark::internal::Benchmark* b) {
  for (const long threads : {1L, 2L}) {
    b->Args({1600, 768, 3072, threads})
        ->Args({1600, 3072, 768, threads})
        ->Args({50, 768, 3072, threads})
        ->Args({8, 512, 2048, threads})
        ->Args({1, 512, 512, threads});
    b->Args({4352, 147, 64, threads})
        ->Args({4352, 64, 192, threads})
        ->Args({4352, 64, 64, threads})
        ->Args({4352, 64, 256, threads})
        ->Args({4352, 256, 64, threads});
    b->Args({256, 64, 256, threads})
        ->Args({256, 256, 64, threads})
        ->Args({1250, 64, 192, threads})
        ->Args({1250, 64, 256, threads});
  }
  b->UseRealTime()->Unit(benchmark::kMicrosecond);
}
BENCHMARK(linear_panels)->Apply(sizes_of_models);
BENCHMARK(linear_rows)->Apply(sizes_of_models);
BENCHMARK(linear_quick_gelu)->Apply(sizes_of_models);
BENCHMARK(project_rows)->Apply(sizes_of_models);
BENCHMARK(outer)->Apply(sizes_of_models);
BENCHMARK(linear_bfloat16)->Apply(sizes_of_models);
BENCHMARK(project_bfloat16)->Apply(sizes_of_models);
BENCHMARK(outer_bfloat16)->Apply(sizes_of_models);

}  // namespace

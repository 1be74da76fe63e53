// Benchmark of linear products in every weight layout, at the sizes of ViT-B/32, ViT-L/14 and their text towers.
//   bench_products --benchmark_filter=int8
// Arguments: rows, inputs, outputs, threads. Each case cycles through copies of the weight that together exceed the
// last-level cache, as a pass through a tower does. A multiply-add counts as two operations.
#include <clip/backend/cpu.hpp>
#include <clip/core/rng.hpp>

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstring>
#include <vector>

namespace {

using namespace clip;

std::vector<float> random(Index count) {
  std::vector<float> values(static_cast<std::size_t>(count));
  Rng rng{1};
  for (float& v : values) v = static_cast<float>(rng.uniform(1));
  return values;
}

template <Layout layout, Arithmetic arithmetic = Arithmetic::full>
void linear(benchmark::State& state) {
  const Index m = state.range(0), k = state.range(1), n = state.range(2);
  Cpu<float> cpu{{.threads = static_cast<int>(state.range(3)), .arithmetic = arithmetic}};
  const std::vector<float> x = random(m * k), w = random(n * k), bias = random(n);
  std::vector<float> y(static_cast<std::size_t>(m * n));
  const std::size_t bytes = layout == Layout::rows ? w.size() * sizeof(float) : cpu.packed_bytes(layout, n, k);
  const std::size_t stride = (bytes + 63) / 64 * 64, copies = (std::size_t{96} << 20) / stride + 1;
  cpu::Scratch memory;
  std::byte* const all = memory.get<std::byte>(static_cast<Index>(copies * stride));
  for (std::size_t i = 0; i < copies; ++i) {
    if (layout == Layout::rows) std::memcpy(all + i * stride, w.data(), bytes);
    else if (i == 0) cpu.pack(Use::linear, 1, In<float>{w.data(), n, k}, layout, all);
    else std::memcpy(all + i * stride, all, bytes);
  }
  std::size_t copy = 0;
  for (auto _ : state) {
    const In<float> values{reinterpret_cast<const float*>(all + copy * stride), n, k};
    cpu.linear(In<float>{x.data(), m, k}, Weights<float>{values, layout},
               Epilogue<float>{.bias = In<float>{bias.data(), 1, n}}, View<float>{y.data(), m, n});
    copy = (copy + 1) % copies;
  }
  state.counters["GFLOP/s"] =
      benchmark::Counter(2e-9 * static_cast<double>(m * n * k), benchmark::Counter::kIsIterationInvariantRate);
  state.counters["GB/s"] =
      benchmark::Counter(1e-9 * static_cast<double>(bytes), benchmark::Counter::kIsIterationInvariantRate);
}

void sizes(benchmark::internal::Benchmark* b) {
  for (const long threads : {1L, 2L})
    for (const long rows : {1L, 8L, 50L, 400L, 1600L}) {
      b->Args({rows, 768, 2304, threads})
          ->Args({rows, 768, 768, threads})
          ->Args({rows, 768, 3072, threads})
          ->Args({rows, 3072, 768, threads});
      if (rows < 400)
        b->Args({rows, 512, 2048, threads})->Args({rows, 1024, 4096, threads})->Args({rows, 4096, 1024, threads});
    }
  b->UseRealTime()->Unit(benchmark::kMicrosecond);
}
BENCHMARK(linear<CpuLayout::panels>)->Name("float")->Apply(sizes);
BENCHMARK(linear<CpuLayout::half_panels>)->Name("half")->Apply(sizes);
BENCHMARK(linear<CpuLayout::bfloat16_panels>)->Name("bfloat16")->Apply(sizes);
BENCHMARK(linear<CpuLayout::int8_panels>)->Name("int8")->Apply(sizes);
BENCHMARK(linear<Layout::rows>)->Name("float, in rows")->Apply(sizes);
BENCHMARK((linear<Layout::rows, Arithmetic::bfloat16>))->Name("bfloat16, in rows")->Apply(sizes);

}  // namespace

// Benchmark of convolutions and their gradients at the shapes of ResNet-50.
#include "case.hpp"

#include <cstddef>
#include <vector>

namespace {

using namespace clip;
using namespace clip::bench;

/// (images, height = width, channels in, channels out, window, stride, threads)
struct Convolution {
  Grid grid;
  Window window;
  Index k, n;
  Matrix x, w, folded, y;
  explicit Convolution(const benchmark::State& state)
      : grid{state.range(0), state.range(1), state.range(1)},
        window{state.range(4), state.range(5), state.range(4) / 2}, k{state.range(2)}, n{state.range(3)},
        x{grid.rows(), k}, w{n, k * window.area()}, folded{2, n}, y{window.over(grid).rows(), n} {}
  double operations_each() const { return 2.0 * static_cast<double>(y.rows * n * k * window.area()); }
};

void convolve_panels(benchmark::State& state) {
  Convolution c{state};
  Cpu<float> cpu = cpu_of(state, 6);
  std::vector<std::byte> panels(cpu.packed_bytes(CpuLayout::panels, c.n, c.w.cols));
  cpu.pack(Use::convolution, c.window.size, In<float>(c.w), CpuLayout::panels, panels.data());
  const Weights<float> w{In<float>{reinterpret_cast<const float*>(panels.data()), c.n, c.w.cols}, CpuLayout::panels};
  const In<float> folded = c.folded;
  const Epilogue<float, fn::Relu> epilogue{.bias = folded.middle_rows(1, 1), .scale = folded.middle_rows(0, 1)};
  for (auto _ : state) cpu.convolve(c.x, w, c.grid, c.window, epilogue, c.y);
  operations(state, c.operations_each());
}
void convolve_rows(benchmark::State& state) {
  Convolution c{state};
  Cpu<float> cpu = cpu_of(state, 6);
  for (auto _ : state) cpu.convolve(c.x, In<float>(c.w), c.grid, c.window, Epilogue<float>{}, c.y);
  operations(state, c.operations_each());
}
void convolve_backward(benchmark::State& state) {
  Convolution c{state};
  Cpu<float> cpu = cpu_of(state, 6);
  for (auto _ : state) cpu.convolve_backward(c.y, In<float>(c.w), c.grid, c.window, Acc<float>{c.x, true});
  operations(state, c.operations_each());
}
void convolve_outer(benchmark::State& state) {
  Convolution c{state};
  Cpu<float> cpu = cpu_of(state, 6);
  for (auto _ : state) cpu.convolve_outer(c.y, c.x, c.grid, c.window, Acc<float>{c.w, true});
  operations(state, c.operations_each());
}

void convolution_sizes(benchmark::internal::Benchmark* b) {
  for (const long threads : {1L, 2L})
    for (const long images : {1L, 8L}) {
      b->Args({images, 224, 3, 32, 3, 2, threads})
          ->Args({images, 112, 32, 32, 3, 1, threads})
          ->Args({images, 112, 32, 64, 3, 1, threads});
      for (const long planes : {64L, 128L, 256L, 512L}) {
        const long size = 3584 / planes;
        b->Args({images, size, planes, planes, 3, 1, threads})
            ->Args({images, size, 4 * planes, planes, 1, 1, threads})
            ->Args({images, size, planes, 4 * planes, 1, 1, threads});
      }
    }
  b->UseRealTime()->Unit(benchmark::kMicrosecond);
}
BENCHMARK(convolve_panels)->Apply(convolution_sizes);
BENCHMARK(convolve_rows)->Apply(convolution_sizes);
BENCHMARK(convolve_backward)->Apply(convolution_sizes);
BENCHMARK(convolve_outer)->Apply(convolution_sizes);

}  // namespace

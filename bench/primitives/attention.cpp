// Benchmark of attention: towers, prompts with shared beginnings, attention pools.
#include "case.hpp"

#include <cstddef>
#include <vector>

namespace {

using namespace clip;
using namespace clip::bench;

/// (sequences, length, heads, d, threads)
struct Attention {
  Sequences sequences;
  AttentionPattern pattern;
  Index rows, width;
  Matrix qkv, y, saved, dy, dqkv;
  explicit Attention(const benchmark::State& state)
      : pattern{state.range(2), state.range(5) != 0, false}, rows{state.range(0) * state.range(1)},
        width{state.range(2) * state.range(3)}, qkv{rows, 3 * width}, y{rows, width}, saved{rows, state.range(2)},
        dy{rows, width}, dqkv{rows, 3 * width} {
    sequences.assign_uniform(state.range(0), state.range(1));
  }
  double pairs() const {
    double n = 0;
    for (const Segment& s : sequences.segments()) n += static_cast<double>(s.length() * s.length());
    return n * static_cast<double>(width);
  }
};

void attention(benchmark::State& state) {
  Attention a{state};
  Cpu<float> cpu = cpu_of(state, 4);
  for (auto _ : state)
    cpu.attention(a.qkv.columns(0, a.width), a.qkv.columns(a.width, a.width), a.qkv.columns(2 * a.width, a.width),
                  a.sequences, a.pattern, a.y, a.saved);
  operations(state, 4 * a.pairs());
}

void attention_backward(benchmark::State& state) {
  Attention a{state};
  Cpu<float> cpu = cpu_of(state, 4);
  const auto q = a.qkv.columns(0, a.width), k = a.qkv.columns(a.width, a.width),
             v = a.qkv.columns(2 * a.width, a.width);
  cpu.attention(q, k, v, a.sequences, a.pattern, a.y, a.saved);
  for (auto _ : state)
    cpu.attention_backward(
        q, k, v, a.sequences, a.pattern, a.y, a.saved, a.dy, Acc<float>{a.dqkv.columns(0, a.width), true},
        Acc<float>{a.dqkv.columns(a.width, a.width), true}, Acc<float>{a.dqkv.columns(2 * a.width, a.width), true});
  operations(state, 10 * a.pairs());
}

void attention_sizes(benchmark::internal::Benchmark* b) {
  for (const long threads : {1L, 2L})
    b->Args({256, 17, 1, 64, threads, 0})
        ->Args({50, 25, 1, 64, threads, 1})
        ->Args({32, 50, 12, 64, threads, 0})
        ->Args({1, 50, 12, 64, threads, 0})
        ->Args({8, 77, 8, 64, threads, 1})
        ->Args({4, 197, 12, 64, threads, 0})
        ->Args({1, 257, 16, 64, threads, 0})
        ->Args({1, 577, 16, 64, threads, 0});
  b->UseRealTime()->Unit(benchmark::kMicrosecond);
}
BENCHMARK(attention)->Apply(attention_sizes);
BENCHMARK(attention_backward)->Apply(attention_sizes);

/// (images, rows per image, width, heads, threads): one query per image over its rows, as in ResNet-50's attention pool
void query_attention(benchmark::State& state) {
  const Index n = state.range(0), t = state.range(1), width = state.range(2), heads = state.range(3);
  Cpu<float> cpu = cpu_of(state, 4);
  Matrix q{n, width}, x{n * t, width}, w{width, width}, y{n, heads * width};
  std::vector<std::byte> panels(cpu.packed_bytes(CpuLayout::panels, width, width));
  cpu.pack(Use::linear, 1, In<float>(w), CpuLayout::panels, panels.data());
  const Weights<float> packed{In<float>{reinterpret_cast<const float*>(panels.data()), width, width},
                              CpuLayout::panels};
  for (auto _ : state) cpu.query_attention(q, x, packed, heads, y);
  operations(state, static_cast<double>(n) *
                        (2.0 * static_cast<double>(width * width) + 4.0 * static_cast<double>(heads * t * width)));
}
void query_attention_sizes(benchmark::internal::Benchmark* b) {
  for (const long threads : {1L, 2L}) b->Args({1, 50, 2048, 32, threads})->Args({8, 50, 2048, 32, threads});
  b->UseRealTime()->Unit(benchmark::kMicrosecond);
}
BENCHMARK(query_attention)->Apply(query_attention_sizes);

/// (prompts, threads): "a photo of a …": five shared rows, then two to five rows per prompt; 8 heads of 64.
void attention_prompts(benchmark::State& state) {
  Sequences sequences;
  sequences.add(5);
  for (Index i = 0; i < state.range(0); ++i) sequences.add(2 + i * 7 % 4, 0);
  Cpu<float> cpu = cpu_of(state, 1);
  Matrix qkv{sequences.rows(), 3 * 512}, y{sequences.rows(), 512};
  for (auto _ : state)
    cpu.attention(qkv.columns(0, 512), qkv.columns(512, 512), qkv.columns(1024, 512), sequences, {8, true, false}, y,
                  {});
  bytes(state, 4.0 * 4 * 512 * static_cast<double>(sequences.rows()));
}
BENCHMARK(attention_prompts)->ArgsProduct({{64, 1000}, {1, 2}})->UseRealTime()->Unit(benchmark::kMicrosecond);

}  // namespace

// The primitives of the CPU backend at the shapes that matter: a large tower, a small model in training.
//   bench_primitives --benchmark_filter=linear
// Items are multiply-adds (two operations each) for products, values for the rest. Argument `threads` comes last.
#include <clip/backend/cpu.hpp>
#include <clip/core/rng.hpp>

#include <benchmark/benchmark.h>

#include <cstddef>
#include <vector>

namespace {

using namespace clip;

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

void operations(benchmark::State& state, double per_step) {
  state.counters["GFLOP/s"] = benchmark::Counter(per_step * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
}
void bytes(benchmark::State& state, double per_step) {
  state.counters["GB/s"] = benchmark::Counter(per_step * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
}

Cpu<float> cpu_of(const benchmark::State& state, std::size_t argument) { return Cpu<float>{{.threads = static_cast<int>(state.range(argument))}}; }

void linear_panels(benchmark::State& state) {
  const Index m = state.range(0), k = state.range(1), n = state.range(2);
  Cpu<float> cpu = cpu_of(state, 3);
  Matrix x{m, k}, w{n, k}, bias{1, n}, y{m, n};
  std::vector<std::byte> panels(cpu.packed_bytes(Layout::panels, n, k));
  cpu.pack(Use::linear, 1, In<float>(w), Layout::panels, panels.data());
  const Weights<float> packed{In<float>{reinterpret_cast<const float*>(panels.data()), n, k}, Layout::panels};
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

/// What training in bfloat16 multiplies: x wᵀ, dy w, dyᵀ x.
Cpu<float> reduced(const benchmark::State& state) { return Cpu<float>{{.threads = static_cast<int>(state.range(3)), .arithmetic = Arithmetic::bfloat16}}; }
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
    b->Args({256, 64, 256, threads})->Args({256, 256, 64, threads})->Args({1250, 64, 192, threads})->Args({1250, 64, 256, threads});
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

/// (images, height = width, channels in, channels out, window, stride, threads): convolutions of a ResNet-50.
struct Convolution {
  Grid grid;
  Window window;
  Index k, n;
  Matrix x, w, folded, y;
  explicit Convolution(const benchmark::State& state)
      : grid{state.range(0), state.range(1), state.range(1)}, window{state.range(4), state.range(5), state.range(4) / 2}, k{state.range(2)}, n{state.range(3)},
        x{grid.rows(), k}, w{n, k * window.area()}, folded{2, n}, y{window.over(grid).rows(), n} {}
  double operations_each() const { return 2.0 * static_cast<double>(y.rows * n * k * window.area()); }
};

void convolve_panels(benchmark::State& state) {
  Convolution c{state};
  Cpu<float> cpu = cpu_of(state, 6);
  std::vector<std::byte> panels(cpu.packed_bytes(Layout::panels, c.n, c.w.cols));
  cpu.pack(Use::convolution, c.window.size, In<float>(c.w), Layout::panels, panels.data());
  const Weights<float> w{In<float>{reinterpret_cast<const float*>(panels.data()), c.n, c.w.cols}, Layout::panels};
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
      b->Args({images, 224, 3, 32, 3, 2, threads})->Args({images, 112, 32, 32, 3, 1, threads})->Args({images, 112, 32, 64, 3, 1, threads});
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

/// (sequences, length, heads, d, threads)
struct Attention {
  Sequences sequences;
  AttentionPattern pattern;
  Index rows, width;
  Matrix qkv, y, saved, dy, dqkv;
  explicit Attention(const benchmark::State& state)
      : pattern{state.range(2), state.range(5) != 0, false}, rows{state.range(0) * state.range(1)}, width{state.range(2) * state.range(3)},
        qkv{rows, 3 * width}, y{rows, width}, saved{rows, state.range(2)}, dy{rows, width}, dqkv{rows, 3 * width} {
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
    cpu.attention(a.qkv.columns(0, a.width), a.qkv.columns(a.width, a.width), a.qkv.columns(2 * a.width, a.width), a.sequences, a.pattern, a.y, a.saved);
  operations(state, 4 * a.pairs());
}

void attention_backward(benchmark::State& state) {
  Attention a{state};
  Cpu<float> cpu = cpu_of(state, 4);
  const auto q = a.qkv.columns(0, a.width), k = a.qkv.columns(a.width, a.width), v = a.qkv.columns(2 * a.width, a.width);
  cpu.attention(q, k, v, a.sequences, a.pattern, a.y, a.saved);
  for (auto _ : state)
    cpu.attention_backward(q, k, v, a.sequences, a.pattern, a.y, a.saved, a.dy, Acc<float>{a.dqkv.columns(0, a.width), true},
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

/// One query an image over its rows, as a ResNet-50's attention pool: (images, rows of one, width, heads, threads)
void query_attention(benchmark::State& state) {
  const Index n = state.range(0), t = state.range(1), width = state.range(2), heads = state.range(3);
  Cpu<float> cpu = cpu_of(state, 4);
  Matrix q{n, width}, x{n * t, width}, w{width, width}, y{n, heads * width};
  std::vector<std::byte> panels(cpu.packed_bytes(Layout::panels, width, width));
  cpu.pack(Use::project, 1, In<float>(w), Layout::panels, panels.data());
  const Weights<float> packed{In<float>{reinterpret_cast<const float*>(panels.data()), width, width}, Layout::panels};
  for (auto _ : state) cpu.query_attention(q, x, packed, heads, y);
  operations(state, static_cast<double>(n) * (2.0 * static_cast<double>(width * width) + 4.0 * static_cast<double>(heads * t * width)));
}
void query_attention_sizes(benchmark::internal::Benchmark* b) {
  for (const long threads : {1L, 2L}) b->Args({1, 50, 2048, 32, threads})->Args({8, 50, 2048, 32, threads});
  b->UseRealTime()->Unit(benchmark::kMicrosecond);
}
BENCHMARK(query_attention)->Apply(query_attention_sizes);

/// (prompts, threads): "a photo of a …": five rows shared, then two to five of each prompt's own; 8 heads of 64.
void attention_prompts(benchmark::State& state) {
  Sequences sequences;
  sequences.add(5);
  for (Index i = 0; i < state.range(0); ++i) sequences.add(2 + i * 7 % 4, 0);
  Cpu<float> cpu = cpu_of(state, 1);
  Matrix qkv{sequences.rows(), 3 * 512}, y{sequences.rows(), 512};
  for (auto _ : state) cpu.attention(qkv.columns(0, 512), qkv.columns(512, 512), qkv.columns(1024, 512), sequences, {8, true, false}, y, {});
  bytes(state, 4.0 * 4 * 512 * static_cast<double>(sequences.rows()));
}
BENCHMARK(attention_prompts)->ArgsProduct({{64, 1000}, {1, 2}})->UseRealTime()->Unit(benchmark::kMicrosecond);

/// Rows and columns, then threads: everything that reads its memory once or twice.
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
        for (auto _ : s) cpu.layer_norm_backward(x, gain, saved, dy, Acc<float>{dx, false}, Acc<float>{dgain, false}, Acc<float>{dbias, false});
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
          cpu.batch_norm_backward(x, kept.middle_rows(0, 1), kept.middle_rows(0, 1), gain, 1e-5, dy, true, Acc<float>{dx, true}, Acc<float>{dgain, false},
                                  Acc<float>{dbias, false});
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
        for (auto _ : s) cpu.adamw(p, g, first, second, {1e-3, 0.9, 0.98, 1e-6, 0.2, 0.1, 0.02});
      },
      7);
}
void sum_of_squares(benchmark::State& state) {
  rows_and_columns(
      state,
      [](Cpu<float>& cpu, Index m, Index n, benchmark::State& s) {
        Matrix x{m, n};
        for (auto _ : s) benchmark::DoNotOptimize(cpu.sum_of_squares(x));
      },
      1);
}

void row_sizes(benchmark::internal::Benchmark* b) {
  for (const long threads : {1L, 2L}) b->Args({4352, 64, threads})->Args({4352, 256, threads})->Args({1600, 768, threads});
  b->UseRealTime()->Unit(benchmark::kMicrosecond);
}
BENCHMARK(layer_norm)->Apply(row_sizes);
BENCHMARK(layer_norm_backward)->Apply(row_sizes);
BENCHMARK(batch_norm)->Apply(row_sizes);
BENCHMARK(batch_norm_backward)->Apply(row_sizes);
BENCHMARK(column_sum)->Apply(row_sizes);
BENCHMARK(quick_gelu_slope)->Apply(row_sizes);
BENCHMARK(gelu)->Apply(row_sizes)->Args({16, 512, 1});  // the last one stays in the first-level cache
BENCHMARK(quick_gelu)->Apply(row_sizes)->Args({16, 512, 1});
BENCHMARK(adamw)->Apply(row_sizes);
BENCHMARK(sum_of_squares)->Apply(row_sizes);
BENCHMARK(cross_entropy_both)->Args({256, 256, 1})->Args({256, 256, 2})->Args({50, 50, 1})->Args({50, 50, 2})->UseRealTime()->Unit(benchmark::kMicrosecond);

/// What an empty region costs.
void region(benchmark::State& state) {
  ThreadPool pool{static_cast<int>(state.range(0))};
  for (auto _ : state) pool.parallel(state.range(0), [](Index i) { benchmark::DoNotOptimize(i); });
}
BENCHMARK(region)->Arg(1)->Arg(2)->UseRealTime();

}  // namespace

// Benchmark of one contrastive training step of a published model: ViT-B/32, both towers, batch 32, AdamW.
//   bench_training --benchmark_filter=step
// The texts are like "a photo of a {label}.": a common prefix and one to three tokens of their own. The counter is the
// peak memory of the process so far, so run a single case to measure its memory.
#include <clip/autograd/tape.hpp>
#include <clip/backend/cpu.hpp>
#include <clip/loss/contrastive.hpp>
#include <clip/model/model.hpp>
#include <clip/optim/adamw.hpp>
#include <clip/tower/clip_vit/openai.hpp>

#include <benchmark/benchmark.h>

#include <sys/resource.h>

#include <cstdint>
#include <utility>
#include <vector>

namespace {

using namespace clip;

Images random_images(Index n, Index size) {
  std::vector<float> values(static_cast<std::size_t>(n * 3 * size * size));
  Rng rng{1};
  for (float& v : values) v = static_cast<float>(rng.normal());
  return Images::from_floats(n, 3, size, size, std::move(values));
}

Texts prompts(Index n) {
  constexpr std::int32_t start = 49406, end = 49407, dot = 269;
  Texts texts{end};
  Rng rng{2};
  for (Index i = 0; i < n; ++i) {
    std::vector<std::int32_t> ids{start, 320, 1125, 539, 320};
    for (Index own = 1 + i % 3; own > 0; --own) ids.push_back(1000 + static_cast<std::int32_t>(rng.below(40000)));
    ids.push_back(dot);
    ids.push_back(end);
    texts.add(ids);
  }
  return texts;
}

double peak_mib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

void step(benchmark::State& state) {
  const Index batch = state.range(0);
  const bool recompute = state.range(3) != 0;
  const Arithmetic arithmetic = state.range(2) != 0 ? Arithmetic::bfloat16 : Arithmetic::full;
  Model<ViT_B_32> model{Rng{1}, Cpu<>{{.threads = static_cast<int>(state.range(1)), .arithmetic = arithmetic}}};
  Parameters table{model};
  AdamW optimizer{table};
  Tape tape{table, {.recompute = recompute}};
  const Images images = random_images(batch, ViT_B_32.image.image_size);
  const Texts texts = prompts(batch);
  const auto once = [&] {
    tape.clear();
    const auto loss =
        contrastive(tape, model.encode_image(tape, images), model.encode_text(tape, texts), model.similarity);
    tape.backward(loss);
    optimizer.step();
  };
  once();
  for (auto _ : state) once();
  state.counters["pairs/s"] =
      benchmark::Counter(static_cast<double>(batch), benchmark::Counter::kIsIterationInvariantRate);
  state.counters["peak MiB"] = peak_mib();
}

}  // namespace

BENCHMARK(step)
    ->ArgNames({"batch", "threads", "bfloat16", "recompute"})
    ->ArgsProduct({{32}, {2, 1}, {0, 1}, {0, 1}})
    ->Unit(benchmark::kSecond)
    ->UseRealTime()
    ->Iterations(3);

// Benchmark of one step of prompt learning (CoOp): ViT-B/32, 16 vectors before the names, features of 32 images given:
// features of all prompts, logits, cross-entropy, gradient of the vectors, SGD.
//   bench_prompt --benchmark_filter=classes:100
// Names have one to three tokens. The counter is the memory that steps take beside the model; run a single case.
// recompute: 0 nothing, 1 inside of blocks, 2 blocks. bench/prompt.py runs it beside PyTorch.
#include <clip/autograd/constant.hpp>
#include <clip/autograd/tape.hpp>
#include <clip/learn/prompt_learner.hpp>
#include <clip/model/model.hpp>
#include <clip/ops/losses.hpp>
#include <clip/optim/sgd.hpp>
#include <clip/tower/clip_vit/openai.hpp>

#include <benchmark/benchmark.h>

#include <cstdint>
#include <fstream>
#include <span>
#include <string>
#include <vector>

namespace {

using namespace clip;

/// MiB of this process that a line of /proc/self/status states: VmRSS, VmHWM.
double memory_mib(const std::string& name) {
  std::ifstream status{"/proc/self/status"};
  for (std::string word; status >> word;)
    if (double kib = 0; word == name + ":" && status >> kib) return kib / 1024;
  return 0;
}

/// Rows of ids for names that are numbers; prompt.py has the same.
Texts tokens(std::span<const std::string> names, const TokenizeOptions&) {
  constexpr std::int32_t start = 49406, end = 49407, dot = 269;
  Texts texts{end};
  for (std::string name : names) {
    std::vector<std::int32_t> ids{start};
    const bool stop = name.ends_with('.');
    if (stop) name.pop_back();
    if (!name.empty()) {
      const int c = std::stoi(name);
      for (int j = 0; j <= c % 3; ++j) ids.push_back(1000 + (c * 37 + j * 101) % 40000);
    }
    if (stop) ids.push_back(dot);
    ids.push_back(end);
    texts.add(ids);
  }
  return texts;
}

void step(benchmark::State& state) {
  Model<ViT_B_32> model{Cpu<>{{.threads = static_cast<int>(state.range(1))}}};
  initialise(model.text, Rng{1});
  model.text.pack();
  std::vector<std::string> names;
  for (Index c = 0; c < state.range(0); ++c) names.push_back(std::to_string(c));
  Features<float, dyn> images{32, Size<dyn>{512}};
  Rng rng{2};
  for (float& x : images.values()) x = static_cast<float>(rng.normal());
  std::vector<std::int32_t> labels;
  for (Index i = 0; i < 32; ++i) labels.push_back(static_cast<std::int32_t>(i % state.range(0)));

  std::ofstream{"/proc/self/clear_refs"} << 5;  // VmHWM begins anew
  const double before = memory_mib("VmRSS");
  PromptLearner prompt{model, tokens, names, {.context = 16}};
  Parameters learned{prompt};
  Sgd optimizer{learned};
  Tape tape{learned, {.recompute = state.range(2) == 2, .recompute_inside = state.range(2) == 1}};
  const auto once = [&] {
    tape.clear();
    tape.backward(cross_entropy(tape, prompt.logits(tape, constant(tape, images)), labels));
    optimizer.step();
  };
  once();
  for (auto _ : state) once();
  state.counters["extra MiB"] = memory_mib("VmHWM") - before;
}

}  // namespace

BENCHMARK(step)
    ->ArgNames({"classes", "threads", "recompute"})
    ->ArgsProduct({{100, 1000}, {1, 2}, {0, 1, 2}})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime()
    ->MeasureProcessCPUTime()
    ->MinTime(2);

// What PosCNN and the Register module do to the demo's small CLIP: each is trained beside the plain model with the same
// seeds, order of images and captions, and classifies the 10,000 test images.
//
//   fashion_modules [--seed N] [--threads N] [--epochs N] [--batch N] [--data DIR]
//
// Trains with the seeds N, N + 1 and N + 2 (default: 1 ... 3) and prints a line per run, then a table as in
// docs/modules.md. The other options are those of fashion_mnist; one epoch is usual here.
#include "fashion_mnist/data.hpp"
#include "fashion_mnist/evaluation.hpp"
#include "fashion_mnist/model.hpp"
#include "fashion_mnist/options.hpp"

#include <clip/backend/cpu.hpp>
#include <clip/model/count.hpp>
#include <clip/model/model.hpp>
#include <clip/model/register_model.hpp>
#include <clip/train/trainer.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

namespace fashion {

inline constexpr const char* usage_of_modules =
    "Usage: fashion_modules [--seed N] [--threads N] [--epochs N] [--batch N] [--data DIR]\n"
    "Trains the demo's small CLIP with and without PosCNN and Register modules, with the seeds N, N + 1 and N + 2 "
    "(default:\n"
    "1 ... 3), for one epoch by default, and prints a table. The options are those of fashion_mnist.\n";

/// The results of one kind of model, one per seed.
struct Row {
  std::string what;
  Index parameters = 0;
  std::vector<double> top1, loss, seconds;
};

struct Experiment {
  const Options& options;
  const LabelledImages &train, &test;
  clip::VitConfig input;
  clip::Tokenizer tokenizer{};
  clip::Cpu<> backend;
  clip::Texts ten_prompts = tokenizer(prompts(), {.context = Small.text.context});

  /// Trains a model with the demo's recipe and adds its results.
  template <class M>
  void run(M& model, std::uint64_t seed, Row& row) const {
    Pairs pairs{train, input, tokenizer, Small.text.context};
    clip::TrainOptions how;
    how.epochs = options.epochs;
    how.batch = options.batch;
    how.optimizer = {.learning_rate = 1e-3f, .weight_decay = 0.2f};
    how.seed = seed;
    const auto start = std::chrono::steady_clock::now();
    double sum = 0;  // of the losses of the last hundred steps
    Index counted = 0;
    clip::Trainer trainer{model, pairs, how};
    const Index steps = trainer.steps();
    trainer.run([&](const clip::TrainProgress& p) {
      if (p.step > steps - 100) {
        sum += p.loss;
        ++counted;
      }
      return true;
    });
    row.seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    row.parameters = clip::count_parameters(model);
    row.top1.push_back(evaluate(model, input, test, ten_prompts).top1);
    row.loss.push_back(sum / static_cast<double>(std::max<Index>(counted, 1)));
    std::printf("%-44s seed %llu: top-1 %.2f %%, loss %.3f, %.1f s\n", row.what.c_str(),
                static_cast<unsigned long long>(seed), 100 * row.top1.back(), row.loss.back(), row.seconds.back());
    std::fflush(stdout);
  }
};

/// Mean and sample deviation.
inline std::array<double, 2> spread(const std::vector<double>& values) {
  double mean = 0, squares = 0;
  for (const double x : values) mean += x / static_cast<double>(values.size());
  for (const double x : values) squares += (x - mean) * (x - mean);
  return {mean, values.size() > 1 ? std::sqrt(squares / static_cast<double>(values.size() - 1)) : 0};
}

inline void print(const std::vector<Row>& rows) {
  std::printf("\n| model | parameters | top-1, %% | loss of the last 100 steps | seconds |\n|---|---|---|---|---|\n");
  for (const Row& row : rows) {
    const auto top1 = spread(row.top1), loss = spread(row.loss), seconds = spread(row.seconds);
    std::printf("| %s | %lld | %.2f ± %.2f | %.3f ± %.3f | %.0f |\n", row.what.c_str(),
                static_cast<long long>(row.parameters), 100 * top1[0], 100 * top1[1], loss[0], loss[1], seconds[0]);
  }
}

void run(const Options& o) {
  const LabelledImages train = read_images(o.data, "train"), test = read_images(o.data, "t10k");
  const Brightness light = brightness(train.pixels.bytes);
  clip::VitConfig input = Small.image;
  input.preprocessing.mean.fill(static_cast<float>(light.mean));
  input.preprocessing.deviation.fill(static_cast<float>(light.deviation));
  const Experiment experiment{o, train, test, input, {}, clip::Cpu<>{{.threads = o.threads}}};

  std::vector<Row> rows;
  const auto each_seed = [&](const std::string& what, auto train_one) {
    rows.push_back({what, 0, {}, {}, {}});
    for (std::uint64_t seed = o.seed; seed < o.seed + 3; ++seed) train_one(seed, rows.back());
  };
  const auto with_places = [&](const std::string& what, const clip::PosCnnConfig& places) {
    each_seed(what, [&](std::uint64_t seed, Row& row) {
      clip::VitClipConfig config = Small;
      config.image.pos_cnn = places;
      clip::Model<clip::DynamicVit> model{config, clip::Rng{seed}, experiment.backend};
      experiment.run(model, seed, row);
    });
  };
  const auto with_registers = [&](const std::string& what, const clip::RegisterConfig& config) {
    each_seed(what, [&](std::uint64_t seed, Row& row) {
      clip::RegisterModel<Small> model{clip::Rng{seed}, config, experiment.backend};
      experiment.run(model, seed, row);
    });
  };
  with_places("plain", {});
  with_places("PosCNN after block 0, stride 2", clip::PosCnnConfig::after({0}, 2));
  with_places("PosCNN after block 1, stride 2", clip::PosCnnConfig::after({1}, 2));
  with_places("PosCNN after block 0, stride 1", clip::PosCnnConfig::after({0}, 1));
  with_registers("Register as requested (ReLU, scale 1)", {.shared_width = 64});
  with_registers("Register without ReLU, learned scale from 10",
                 {.shared_width = 64, .relu = false, .scale = 10, .learned_scale = true});
  print(rows);
}

}  // namespace fashion

int main(int count, char** words) {
  try {
    fashion::Options options;
    options.epochs = 1;
    options = fashion::parse(count, words, options);
    if (options.help) return std::fputs(fashion::usage_of_modules, stdout) < 0;
    if (options.resume) clip::raise(clip::OptionError{"--resume", "not an option of fashion_modules"});
    fashion::run(options);
    return 0;
  } catch (const clip::OptionError& error) {
    std::fprintf(stderr, "fashion_modules: %s\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "fashion_modules: %s\n", error.what());
    return 1;
  }
}

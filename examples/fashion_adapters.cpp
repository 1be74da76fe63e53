// Adapters of the demo's small CLIP, taught two classes that it has never seen by a few images of each: CLIP-Adapter,
// Tip-Adapter, Tip-Adapter-F, the multi-modal MLP and gated adapters, each at 1 ... 16 images per class.
//
//   fashion_adapters [--without LIST] [--seed N] [--threads N] [--epochs N] [--batch N] [--data DIR]
//
// Trains the CLIP on all classes but those of --without (default: 3,8, "dress" and "bag"), then every method with the
// seeds N, N + 1 and N + 2 (default: 1 ... 3), which choose the few images, and prints a table of top-1 over the 10,000
// test images of all ten classes, as in docs/learning.md. The other options are those of fashion_mnist; one epoch is
// usual here.
#include "fashion_mnist/data.hpp"
#include "fashion_mnist/model.hpp"
#include "fashion_mnist/options.hpp"

#include <clip/backend/cpu.hpp>
#include <clip/learn/clip_adapter.hpp>
#include <clip/learn/multimodal_mlp.hpp>
#include <clip/learn/tip_adapter_search.hpp>
#include <clip/learn/tip_adapter_training.hpp>
#include <clip/learn/train_gated_adapter.hpp>
#include <clip/model/model.hpp>
#include <clip/task/similarities.hpp>
#include <clip/train/trainer.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <exception>
#include <functional>
#include <map>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

namespace fashion {

inline constexpr const char* usage_of_adapters =
    "Usage: fashion_adapters [--without LIST] [--seed N] [--threads N] [--epochs N] [--batch N] [--data DIR]\n"
    "Trains the demo's small CLIP on eight of ten classes, teaches it all ten from a few images by five methods, with\n"
    "the seeds N, N + 1 and N + 2 (default: 1 ... 3), and prints a table. The options are those of fashion_mnist.\n";

inline constexpr std::array<Index, 5> shot_counts{1, 2, 4, 8, 16};

/// Images and labels to learn from, and others to choose hyper-parameters by.
struct Chosen {
  clip::LabelledInputs train, validation;
};

struct Experiment {
  using Model = clip::Model<Small>;

  const Model& model;
  const LabelledImages &train, &test;
  const clip::VitConfig& input;
  clip::Features<float, Model::embed_dim> texts;
  double temperature;

  clip::LabelledInputs prepared(const LabelledImages& from, const std::vector<Index>& items) const {
    std::vector<clip::Image> views;
    clip::LabelledInputs result;
    for (const Index i : items) {
      views.push_back(from[i]);
      result.labels.push_back(from.labels[static_cast<std::size_t>(i)]);
    }
    clip::preprocess(input, std::span<const clip::Image>(views), result.images);
    return result;
  }

  /// `shots` training images of every class and min(shots, 4) others.
  Chosen choose(Index shots, std::uint64_t seed) const {
    std::vector<Index> order(static_cast<std::size_t>(train.size())), few, others;
    std::iota(order.begin(), order.end(), 0);
    clip::Rng rng = clip::Rng{seed}.fork("few shots");
    for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[rng.below(i)]);
    std::array<Index, class_count> taken{};
    for (const Index i : order) {
      const Index n = taken[train.labels[static_cast<std::size_t>(i)]]++;
      if (n < shots) few.push_back(i);
      else if (n < shots + std::min<Index>(shots, 4)) others.push_back(i);
    }
    return {prepared(train, few), prepared(train, others)};
  }

  clip::LabelledFeatures<float> encoded(const clip::LabelledInputs& inputs) const {
    const auto features = model.encode_image(inputs.images);
    clip::LabelledFeatures<float> result{clip::Features<float, clip::dyn>{features.size(), features.width()},
                                         inputs.labels};
    std::ranges::copy(features.values(), result.features.values().begin());
    return result;
  }
};

/// CoOp's number of epochs.
inline Index epochs_of(Index shots) { return shots == 1 ? 50 : shots <= 4 ? 100 : 200; }

/// Mean and sample deviation in percent.
inline std::string percent(const std::vector<double>& values) {
  const double n = static_cast<double>(values.size()), mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double squares = 0;
  for (const double x : values) squares += (x - mean) * (x - mean);
  char text[48];
  std::snprintf(text, sizeof text, "%.1f ± %.1f", 100 * mean, n > 1 ? 100 * std::sqrt(squares / (n - 1)) : 0.0);
  return text;
}

void run(const Options& o) {
  const LabelledImages train = read_images(o.data, "train"), test = read_images(o.data, "t10k"),
                       known = without(train, o.without);
  const Brightness light = brightness(train.pixels.bytes);
  clip::VitConfig input = Small.image;
  input.preprocessing.mean.fill(static_cast<float>(light.mean));
  input.preprocessing.deviation.fill(static_cast<float>(light.deviation));

  const clip::Tokenizer tokenizer;
  clip::Model<Small> model{clip::Rng{o.seed}, clip::Cpu<>{{.threads = o.threads}}};
  Pairs pairs{known, input, tokenizer, Small.text.context};
  clip::TrainOptions how{.epochs = o.epochs, .batch = o.batch};
  how.optimizer = {.learning_rate = 1e-3f, .weight_decay = 0.2f};
  how.seed = o.seed;
  clip::Trainer{model, pairs, how}.run();

  const Experiment e{model,
                     train,
                     test,
                     input,
                     model.encode_text(tokenizer(prompts(), {.context = Small.text.context})),
                     model.similarity.temperature()};
  std::vector<Index> all(static_cast<std::size_t>(test.size()));
  std::iota(all.begin(), all.end(), 0);
  const clip::LabelledInputs test_inputs = e.prepared(test, all);
  const clip::LabelledFeatures<float> test_features = e.encoded(test_inputs);

  std::map<std::string, std::map<Index, std::vector<double>>> table;
  std::map<std::string, double> seconds;
  const auto measure = [&](const std::string& name, Index shots, const std::function<double()>& top1) {
    const auto start = std::chrono::steady_clock::now();
    table[name][shots].push_back(top1());
    seconds[name] += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  for (const Index shots : shot_counts)
    for (std::uint64_t seed = o.seed; seed < o.seed + 3; ++seed) {
      const Chosen chosen = e.choose(shots, seed);
      const auto few = e.encoded(chosen.train), validation = e.encoded(chosen.validation);
      const auto top1 = [&](const auto& classifier) {
        return clip::accuracy_of(classifier, test_features.features, test_features.labels);
      };
      const auto cache = [&] { return clip::tip_adapter_cache(std::vector{few.features}, few.labels); };
      const auto adapt = [&](float rate) {
        clip::ClipAdapter adapter{e.texts, clip::Rng{seed}, {.temperature = e.temperature}};
        clip::TrainOptionsOf<clip::SgdOptions> options{.epochs = epochs_of(shots), .batch = 32};
        options.optimizer.learning_rate = rate;
        options.schedule = clip::Schedule::epoch_cosine();
        options.seed = seed;
        clip::train_on_features(adapter, few, options);
        return top1(adapter);
      };
      measure("CLIP-Adapter", shots, [&] { return adapt(0.002f); });
      measure("CLIP-Adapter, rate 0.1", shots, [&] { return adapt(0.1f); });
      measure("Tip-Adapter", shots, [&] {
        clip::TipAdapter tip{e.texts, cache(), {.temperature = e.temperature}};
        clip::search_tip_adapter(tip, validation);
        return top1(tip);
      });
      measure("Tip-Adapter-F", shots, [&] {
        clip::TipAdapter tip{e.texts, cache(), {.temperature = e.temperature}};
        clip::train_tip_adapter(tip, few, validation, clip::tip_adapter_recipe(seed));
        clip::search_tip_adapter(tip, validation);
        return top1(tip);
      });
      measure("multi-modal MLP", shots, [&] {
        clip::MultimodalMlp mlp{e.texts, clip::Rng{seed}, {.temperature = e.temperature}};
        clip::TrainOptions options{.epochs = epochs_of(shots), .batch = 32};
        options.optimizer = {.learning_rate = 1e-3f, .weight_decay = 0.01f};
        options.schedule = clip::Schedule::cosine();
        options.seed = seed;
        clip::train_on_features(mlp, few, options);
        return top1(mlp);
      });
      measure("gated adapter", shots, [&] {
        clip::GatedAdapter<Small> gated{model.image, e.texts, clip::Rng{seed}, e.temperature};
        clip::train_gated_adapter(gated, chosen.train, clip::gated_adapter_recipe(seed));
        const auto predicted = gated.predict(test_inputs.images);
        Index right = 0;
        for (std::size_t i = 0; i < predicted.size(); ++i) right += predicted[i] == test_inputs.labels[i];
        return static_cast<double>(right) / static_cast<double>(predicted.size());
      });
    }

  Index right = 0;
  const auto best = clip::similarities(model.backend(), model.encode_image(test_inputs.images), e.texts).best();
  for (std::size_t i = 0; i < best.size(); ++i) right += best[i] == test_inputs.labels[i];
  std::printf("zero-shot: %.1f %%\n\n| method | 1 | 2 | 4 | 8 | 16 | seconds |\n|---|---|---|---|---|---|---|\n",
              100 * static_cast<double>(right) / static_cast<double>(best.size()));
  for (const auto& [name, row] : table) {
    std::printf("| %s |", name.c_str());
    for (const auto& [shots, values] : row) std::printf(" %s |", percent(values).c_str());
    std::printf(" %.1f |\n", seconds[name]);
  }
}

}  // namespace fashion

int main(int count, char** words) {
  try {
    fashion::Options options;
    options.epochs = 1;
    options.without = {3, 8};
    options = fashion::parse(count, words, options);
    if (options.help) return std::fputs(fashion::usage_of_adapters, stdout) < 0;
    if (options.resume) clip::raise(clip::OptionError{"--resume", "not an option of fashion_adapters"});
    fashion::run(options);
    return 0;
  } catch (const clip::OptionError& error) {
    std::fprintf(stderr, "fashion_adapters: %s\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "fashion_adapters: %s\n", error.what());
    return 1;
  }
}

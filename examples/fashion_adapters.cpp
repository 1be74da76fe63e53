// Adapters of the demo's small CLIP, taught two classes that it has never seen by a few images of each: CLIP-Adapter,
// Tip-Adapter(-F), the multi-modal MLP, and three families of blocks that take the place of the image tower's: gated
// adapters, LayerScale, parallel attention and MLP.
//
//   fashion_adapters [--without LIST] [--seed N] [--threads N] [--epochs N] [--batch N] [--data DIR] [--output DIR]
//
// Trains the CLIP on all classes but those of --without (default: 3,8, "dress" and "bag"), for one epoch by default; then
// every method with the seeds N, N + 1 and N + 2 (default: 1 ... 3), which choose the images, in the few-shot harness.
// Prints its tables over the 10,000 test images of all ten classes, as in docs/learning.md. Where a method has several
// learning rates, validation images choose one; no test image is looked at for it. Called again, it goes on where it
// stopped.
#include "fashion_mnist/data.hpp"
#include "fashion_mnist/model.hpp"
#include "fashion_mnist/options.hpp"

#include <clip/backend/cpu.hpp>
#include <clip/data/idx_images.hpp>
#include <clip/few_shot/methods/blocks.hpp>
#include <clip/few_shot/run.hpp>
#include <clip/model/model.hpp>
#include <clip/nn/layer_scale_block.hpp>
#include <clip/nn/parallel_block.hpp>
#include <clip/train/trainer.hpp>

#include <cstdio>
#include <exception>
#include <string>
#include <utility>
#include <vector>

namespace fashion {

inline constexpr const char* usage_of_adapters =
    "Usage: fashion_adapters [--without LIST] [--seed N] [--threads N] [--epochs N] [--batch N] [--data DIR] "
    "[--output DIR]\n"
    "Trains the demo's small CLIP on eight of ten classes, teaches it all ten from a few images by eight methods, "
    "with\n"
    "the seeds N, N + 1 and N + 2 (default: 1 ... 3), and prints a table. The options are those of fashion_mnist.\n";

/// The demo's model with the mean and the deviation of the training images' pixels.
inline constexpr auto Grey = [] {
  auto c = Small;
  c.image.preprocessing.mean.fill(0.286041f);
  c.image.preprocessing.deviation.fill(0.353024f);
  return c;
}();

using Methods =
    clip::FewShotMethods<clip::ZeroShotMethod, clip::ClipAdapterMethod, clip::TipAdapterMethod, clip::TipAdapterFMethod,
                         clip::MultimodalMlpMethod, clip::GatedAdapterMethod, clip::BlockMethod<clip::LayerScaleBlocks>,
                         clip::BlockMethod<clip::ParallelBlocks>>;

/// Training and test images as one list; `test_begin` is where those for the test begin.
clip::LabelledImages all_images(const std::string& folder, Index& test_begin) {
  const std::vector<std::string> classes{names.begin(), names.end()};
  const auto part = [&](const std::string& name) {
    return clip::try_read_idx_images(folder + '/' + name + "-images-idx3-ubyte.gz",
                                     folder + '/' + name + "-labels-idx1-ubyte.gz", classes)
        .value();
  };
  clip::LabelledImages train = part("train");
  test_begin = train.size();
  return clip::try_join(std::move(train), part("t10k")).value();
}

void run(const Options& o) {
  const LabelledImages known = without(read_images(o.data, "train"), o.without);
  const clip::Tokenizer tokenizer;
  clip::Model<Grey> model{clip::Rng{o.seed}, clip::Cpu<>{{.threads = o.threads}}};
  Pairs pairs{known, Grey.image, tokenizer, Grey.text.context};
  clip::TrainOptions how{.epochs = o.epochs, .batch = o.batch};
  how.optimizer = {.learning_rate = 1e-3f, .weight_decay = 0.2f};
  how.seed = o.seed;
  clip::try_make_folders(o.output).value();
  how.checkpoint = o.output + "/clip.safetensors";
  clip::Trainer{model, pairs, how}.run();

  using clip::Json;
  const auto blocks = [](const char* name, std::vector<double> rates) {
    return clip::FewShotMethodChoice{.name = name, .options = {{"epochs", 30}, {"learning_rate", std::move(rates)}}};
  };
  clip::FewShotOptions options{.output = o.output,
                               .methods = {{"zero-shot"},
                                           {"clip-adapter"},
                                           {.name = "clip-adapter",
                                            .options = {{"learning_rate", Json::array({0.002, 0.02, 0.1})}},
                                            .label = "clip-adapter (rate chosen)"},
                                           {"tip-adapter"},
                                           {"tip-adapter-f"},
                                           {"mlp"},
                                           blocks("gated-adapter", {1e-3, 3e-3, 1e-2}),
                                           blocks("layer-scale", {1e-3, 3e-3, 1e-2}),
                                           blocks("parallel-blocks", {3e-4, 1e-3, 3e-3})},
                               .seeds = {o.seed, o.seed + 1, o.seed + 2},
                               .templates = {templates.begin(), templates.end()},
                               .split = {.train = 0.8, .validation = 0.2},
                               .title = "Fashion-MNIST: adapters of a small CLIP"};
  Index test_begin = 0;
  const clip::LabelledImages images = all_images(o.data, test_begin);
  options.test_begin = test_begin;
  const auto results = clip::run_few_shot<Methods>(model, tokenizer, images, options);
  std::fputs(clip::few_shot_markdown(results).c_str(), stdout);
}

}  // namespace fashion

int main(int count, char** words) {
  try {
    fashion::Options options;
    options.epochs = 1;
    options.without = {3, 8};
    options.output = "fashion-adapters-output";
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

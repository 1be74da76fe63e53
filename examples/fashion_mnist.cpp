// You will see a small CLIP (304,001 parameters) learn from 60,000 pictures and a sentence about each, and then name 10,000
// other pictures by comparing each with ten sentences, "a photo of a t-shirt." and so on: about 84.5 % are named right.
//
//   fashion_mnist [--seed N] [--threads N] [--epochs N] [--batch N] [--output DIR] [--data DIR] [--resume]
//
// DIR then holds the weights (PyTorch reads them), four pictures to look at, and results.json.
#include "fashion_mnist/data.hpp"
#include "fashion_mnist/evaluation.hpp"
#include "fashion_mnist/options.hpp"
#include "fashion_mnist/pictures.hpp"
#include "fashion_mnist/progress.hpp"
#include "fashion_mnist/report.hpp"

#include <clip/clip.hpp>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

namespace fashion {

/// Sixteen patches of 7 x 7 pixels and a class token, three blocks; two blocks over the bytes of a sentence. The model and its
/// training recipe are those of bench/peers/fashion.py.
inline constexpr clip::ClipConfig<clip::VitConfig, clip::TextConfig> Small{
    .embed_dim = 64,
    .image = {.image_size = 28,
              .patch_size = 7,
              .width = 64,
              .layers = 3,
              .heads = 1,
              .activation = clip::Activation::quick_gelu,
              .epsilon = 1e-5f},
    .text = {.context = 32,
             .vocabulary = 514,
             .width = 64,
             .layers = 2,
             .heads = 1,
             .activation = clip::Activation::quick_gelu,
             .epsilon = 1e-5f}};

/// From the files to the pictures.
void run(const Options& o) {
  // The data, and how the model wants it.
  const Pictures train = read_pictures(o.data, "train"), test = read_pictures(o.data, "t10k");
  const Brightness light = brightness(train.pixels.bytes);
  clip::VitConfig input = Small.image;
  input.preprocessing.mean.fill(static_cast<float>(light.mean));
  input.preprocessing.deviation.fill(static_cast<float>(light.deviation));
  const clip::Tokenizer tokenizer;  // 256 bytes, no merges
  const clip::Texts questions = tokenizer(prompts(), {.context = Small.text.context});
  Pairs pairs{train, input, tokenizer, Small.text.context};

  make_folder(o.output);
  const std::string weights = o.output + "/fashion-mnist.safetensors",
                    checkpoint = o.output + "/checkpoint.safetensors";
  if (!o.resume) std::filesystem::remove(checkpoint);  // else the trainer would go on from it

  // The model, and its training.
  const clip::Cpu<> backend{{.threads = o.threads}};
  clip::Model<Small> model{clip::Rng{o.seed}, backend};
  clip::Trainer trainer{model,
                        pairs,
                        {.epochs = o.epochs,
                         .batch = o.batch,
                         .adamw = {.learning_rate = 1e-3f, .weight_decay = 0.2f},
                         .seed = o.seed,
                         .checkpoint = checkpoint}};
  std::fprintf(stderr, "%d parameters, %s; step %d of %d\n", static_cast<int>(clip::count_parameters(model)),
               backend.describe().c_str(), static_cast<int>(trainer.step()), static_cast<int>(trainer.steps()));

  Run history{trainer.step(), {}, {}};
  Progress progress;
  while (trainer.step() < trainer.steps()) {
    clip::TrainProgress last{};
    const auto start = std::chrono::steady_clock::now();
    trainer.run([&](const clip::TrainProgress& p) {
      history.losses.push_back(p.loss);
      progress(last = p);
      return !p.epoch_done;
    });
    history.epoch_seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    progress.epoch(last, history.epoch_seconds.back(), evaluate(model, input, test, questions).top1);
  }

  // What a file gives back must be what was saved.
  const Evaluation result = evaluate(model, input, test, questions);
  clip::save(model, weights, {.metadata = metadata(clip::to_json(with(model.config(), input)), light, result.top1)});
  clip::Model<Small> reloaded{backend};
  clip::load(reloaded, weights);
  const Evaluation again = evaluate(reloaded, input, test, questions);

  print_table(result, test);
  draw_pictures(o.output, result, test, history, o.batch);
  write_results(o, history, result.top1, again.top1, clip::count_parameters(model), backend,
                clip::to_json(with(model.config(), input)));
  std::printf("\n%s: fashion-mnist.safetensors, confusion.svg, similarity.svg, pictures.svg, loss.svg, results.json\n",
              o.output.c_str());
  if (!(again == result))
    clip::raise(clip::NumericError{weights, "top-1 after reading it back", result.top1, again.top1});
}

}  // namespace fashion

int main(int count, char** words) {
  try {
    const fashion::Options options = fashion::parse(count, words);
    if (options.help) return std::fputs(fashion::usage, stdout) < 0;
    fashion::run(options);
    return 0;
  } catch (const clip::OptionError& error) {
    std::fprintf(stderr, "fashion_mnist: %s\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "fashion_mnist: %s\n", error.what());
    return 1;
  }
}

// examples/cifar10/options.hpp: command line of the demo.
#pragma once

#include <CLI/CLI.hpp>

#include <cstdint>
#include <string>

namespace cifar {

struct Options {
  std::string data, output = "cifar10-output";
  std::uint64_t seed = 1;
  int epochs = 10, batch = 256, threads = 0, record = 0;
  bool resume = false;
};

/// The exit status if the program ends here (help, or a wrong command line), else -1.
inline int parse(int count, char** words, Options& o) {
  CLI::App app{
      "Trains a small CLIP on CIFAR-10 from scratch, classifies by sentences, trains a linear probe, and labels "
      "images."};
  app.add_option(
         "FOLDER", o.data,
         "folder with train.zip or train/ (class/0000.jpg), and test.zip or test/; without a test part, the last "
         "fifth of each class is the test")
      ->required();
  app.add_option("--epochs", o.epochs, "number of epochs")->check(CLI::Range(1, 100000))->capture_default_str();
  app.add_option("--batch", o.batch, "image-caption pairs per step")
      ->check(CLI::Range(2, 10000))
      ->capture_default_str();
  app.add_option("--seed", o.seed, "seed of the weights and of all draws")->capture_default_str();
  app.add_option("--threads", o.threads, "number of threads; 0: all available cores")->check(CLI::Range(0, 1024));
  app.add_option("--output", o.output, "folder for weights, figures and results.json")->capture_default_str();
  app.add_flag("--resume", o.resume, "resume from checkpoint.safetensors in the output, written after every epoch");
  app.add_option(
         "--record", o.record,
         "also write the initial weights, the batches and losses of the first N steps, and the validation images, "
         "for bench/peers/cifar10.py")
      ->check(CLI::Range(0, 1000000));
  try {
    app.parse(count, words);
  } catch (const CLI::ParseError& error) { return app.exit(error) == 0 ? 0 : 2; }
  return -1;
}

}  // namespace cifar

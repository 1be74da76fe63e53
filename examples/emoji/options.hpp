// examples/emoji/options.hpp: command line of the demo.
#pragma once

#include <CLI/CLI.hpp>

#include <cstdint>
#include <string>

namespace emoji {

struct Options {
  std::string images, cldr = "/usr/share/unicode/cldr/common", output = "emoji-output", text;
  std::uint64_t seed = 1;
  int epochs = 100, batch = 128, threads = 0;
};

/// The exit status if the program ends here (help, or a wrong command line), else -1.
inline int parse(int count, char** words, Options& o) {
  CLI::App app{
      "Trains a small CLIP on emoji and their names in eleven languages, and asks it for emoji that it never saw and "
      "in "
      "languages that it never read."};
  app.add_option("--images", o.images,
                 "folder of images emoji_u1f600.png (default: that of Debian's ruby-tanuki-emoji)");
  app.add_option("--cldr", o.cldr, "folder of annotations (default: that of Debian's unicode-cldr-core)");
  app.add_option(
      "--text", o.text,
      "folder of a pretrained text tower (sh cmake/minilm.sh DIR), which stays as it is; English names only");
  app.add_option("--epochs", o.epochs, "number of epochs")->check(CLI::Range(1, 100000))->capture_default_str();
  app.add_option("--batch", o.batch, "emoji per step")->check(CLI::Range(2, 1000))->capture_default_str();
  app.add_option("--seed", o.seed, "seed of the weights and of all draws")->capture_default_str();
  app.add_option("--threads", o.threads, "number of threads; 0: all available cores")->check(CLI::Range(0, 1024));
  app.add_option("--output", o.output, "folder for weights, sheet and results.json")->capture_default_str();
  try {
    app.parse(count, words);
  } catch (const CLI::ParseError& error) { return app.exit(error) == 0 ? 0 : 2; }
  return -1;
}

}  // namespace emoji

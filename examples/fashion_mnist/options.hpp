// examples/fashion_mnist/options.hpp: command line of the demo.
#pragma once

#include <clip/core/error.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fashion {

struct Options {
  std::uint64_t seed = 1;
  int threads = 0;  // 0: all cores this process may use
  int epochs = 3;
  int batch = 256;
  std::string output = "fashion-mnist-output";
  std::string data = "/usr/share/datasets/fashion-mnist";
  std::vector<int> without{};  // classes that training does not see
  bool resume = false;
  bool help = false;
};

inline constexpr const char* usage =
    "Usage: fashion_mnist [OPTIONS]\n"
    "Trains a small CLIP on Fashion-MNIST and draws figures of the result.\n"
    "\n"
    "  --seed N      seed of the weights, the order of images and the captions (default: 1)\n"
    "  --threads N   number of threads; 0: all available cores (default: 0)\n"
    "  --epochs N    number of epochs (default: 3)\n"
    "  --batch N     image-caption pairs per step (default: 256)\n"
    "  --output DIR  folder for weights, figures and results.json (default: fashion-mnist-output)\n"
    "  --data DIR    folder with the four IDX files (default: /usr/share/datasets/fashion-mnist, Debian's\n"
    "                dataset-fashion-mnist)\n"
    "  --without LIST  classes that training does not see, as 5,8 for sandals and bags (default: none); the weights\n"
    "                then begin a few-shot experiment (few_shot.json)\n"
    "  --resume      resume from DIR/checkpoint.safetensors, which is written after every epoch\n"
    "  --help        print this help\n";

namespace detail {
template <class N>
void parse_number(std::string_view option, std::string_view text, N least, N most, N& number) {
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc{} || end != text.data() + text.size() || number < least || number > most)
    clip::raise(clip::OptionError{std::string(option), "value",
                                  "a number from " + std::to_string(least) + " to " + std::to_string(most),
                                  "\"" + std::string(text) + "\""});
}

/// "5,8" as numbers of classes; at least two classes are left.
inline std::vector<int> parse_classes(std::string_view option, std::string_view text) {
  std::vector<int> classes;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    int number = 0;
    parse_number(option, text.substr(0, comma), 0, 9, number);
    if (std::ranges::find(classes, number) == classes.end()) classes.push_back(number);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  if (classes.size() > 8) clip::raise(clip::OptionError{std::string(option), "classes", "at most 8", classes.size()});
  return classes;
}
}  // namespace detail

/// OptionError: an unknown option, a missing value, a value that is not a number or out of range.
inline Options parse(int count, const char* const* words, Options o = {}) {
  for (int i = 1; i < count; ++i) {
    const std::string_view option = words[i];
    const auto value = [&]() -> std::string_view {
      if (i + 1 == count || words[i + 1][0] == '\0')
        clip::raise(clip::OptionError{std::string(option), "expected a value after it"});
      return words[++i];
    };
    if (option == "--seed") detail::parse_number(option, value(), std::uint64_t{0}, UINT64_MAX, o.seed);
    else if (option == "--threads") detail::parse_number(option, value(), 0, 1024, o.threads);
    else if (option == "--epochs") detail::parse_number(option, value(), 1, 10000, o.epochs);
    else if (option == "--batch") detail::parse_number(option, value(), 2, 60000, o.batch);
    else if (option == "--output") o.output = value();
    else if (option == "--data") o.data = value();
    else if (option == "--without") o.without = detail::parse_classes(option, value());
    else if (option == "--resume") o.resume = true;
    else if (option == "--help" || option == "-h") o.help = true;
    else clip::raise(clip::OptionError{std::string(option), "unknown option; --help lists them"});
  }
  return o;
}

}  // namespace fashion

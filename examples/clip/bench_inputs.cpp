#include "bench_inputs.hpp"

#include "input.hpp"
#include "lists.hpp"
#include "text.hpp"

#include <clip/core/rng.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <utility>

namespace tool {
namespace {

using clip::Index;

/// Ids of n texts: a common beginning, two random words and a full stop, 1,000 distinct texts; or texts of `tokens` ids
/// that differ from the first word on.
clip::Texts random_texts(const clip::TextInput& config, Index n, std::initializer_list<std::uint64_t> beginning,
                         Index tokens = 0) {
  const auto last = static_cast<std::int32_t>(config.vocabulary - 1), start = last - 1;
  const auto word = [&](std::uint64_t i) {
    return static_cast<std::int32_t>(i % static_cast<std::uint64_t>(std::max<Index>(1, config.vocabulary - 2)));
  };
  clip::Texts texts{last};
  for (Index i = 0; i < n; ++i) {
    clip::Rng rng = clip::Rng{1}.fork(static_cast<std::uint64_t>(i % 1000));
    std::vector<std::int32_t> ids{start};
    for (Index k = 5; k < tokens; ++k) ids.push_back(word(rng.bits()));
    if (tokens == 0)
      for (const std::uint64_t id : beginning) ids.push_back(word(id));
    ids.insert(ids.end(), {word(rng.bits()), word(rng.bits()), word(269), last});
    if (std::cmp_greater(ids.size(), config.context)) ids.erase(ids.begin() + 1, ids.end() - (config.context - 1));
    texts.add(ids);
  }
  return texts;
}

}  // namespace

clip::Images random_input(const clip::ImageInput& input, Index n) {
  std::vector<float> values(static_cast<std::size_t>(n * input.channels * input.image_size * input.image_size));
  clip::Rng rng{1};
  for (float& x : values) x = static_cast<float>(rng.normal());
  return clip::Images::from_floats(n, input.channels, input.image_size, input.image_size, std::move(values));
}

clip::Image random_image(Index width, Index height) {
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(width * height * 3));
  clip::Rng rng{1};
  for (std::uint8_t& x : bytes) x = static_cast<std::uint8_t>(rng.bits() >> 24);
  return {width, height, clip::Pixels::rgb, std::move(bytes)};
}

std::vector<std::string> labels_of(const BenchOptions& options) {
  static const auto all = read_list_or_words(options.labels).texts;  // standard input is read once
  const auto n = std::cmp_less(options.classes, all.size()) && options.classes > 0
                     ? static_cast<std::size_t>(options.classes)
                     : all.size();
  std::vector<std::string> labels;
  for (std::size_t i = 0; i < n; ++i) labels.push_back(all[i * all.size() / n]);
  return labels;
}

std::vector<std::string> templates_of(const BenchOptions& options) { return templates_of(options.templates); }

clip::Texts prompts(const BenchOptions& options, Index n) {
  if (options.labels.empty())
    return random_texts(options.config->text_input(), n, {320, 1125, 539, 320}, options.tokens);
  const auto labels = labels_of(options);
  std::vector<std::string> texts;
  for (std::size_t i = 0; std::cmp_less(i, n); ++i) texts.push_back("a photo of a " + labels[i % labels.size()] + ".");
  return Tokenizer{options.vocabulary}(texts, {.context = options.config->text_input().context});
}

clip::Texts class_names(const BenchOptions& options) {
  if (options.labels.empty())
    return random_texts(options.config->text_input(), options.classes > 0 ? options.classes : 100, {});
  auto names = labels_of(options);
  for (std::string& name : names) name += '.';
  return Tokenizer{options.vocabulary}(names, {.context = options.config->text_input().context});
}

}  // namespace tool

// Benchmark of the tokenizer on one thread. Items are captions; the counter `ids` is the total number of ids.
//   CLIP_TEST_DATA=FOLDER bench_tokenizer                          ImageNet's 80,000 prompts
//   CLIP_TEST_DATA=FOLDER CLIP_CAPTIONS=FILE bench_tokenizer       the lines of a file
// The tokenizer caches no words between captions, so the first run is as fast as the others.
// bench/peers/huggingface_tokenizer.py runs this program and Hugging Face's tokenizer alternately on the same captions.
#include <clip/io/json.hpp>
#include <clip/tokenizer/tokenizer.hpp>

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace clip;

std::vector<std::string> lines(const std::string& path) {
  const auto bytes = read_file(path);
  std::vector<std::string> all;
  for (std::string_view rest = as_text(bytes); !rest.empty();) {
    const std::size_t end = rest.find('\n');
    all.emplace_back(rest.substr(0, end));
    rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
  }
  return all;
}

std::vector<std::string> imagenet_prompts(const std::string& folder) {
  const auto list = [&](const std::string& name) {
    return parse_json(as_text(read_file(folder + name)), folder + name);
  };
  const Json classes = list("/imagenet_classes.json"), templates = list("/imagenet_templates.json");
  std::vector<std::string> prompts;
  for (const Json& form : templates)
    for (const Json& name : classes) {
      std::string text = form.get<std::string>();
      prompts.push_back(text.replace(text.find("{}"), 2, name.get<std::string>()));
    }
  return prompts;
}

void tokenize(benchmark::State& state) {
  const char *const folder = std::getenv("CLIP_TEST_DATA"), *const file = std::getenv("CLIP_CAPTIONS");
  if (folder == nullptr) return state.SkipWithError("CLIP_TEST_DATA is not set");
  const Tokenizer tokenizer{std::string(folder) + "/bpe_simple_vocab_16e6.txt.gz"};
  const std::vector<std::string> captions = file != nullptr ? lines(file) : imagenet_prompts(folder);
  Index ids = 0;
  for (auto _ : state) {
    const Texts texts = tokenizer(captions, {.too_long = TooLong::truncate});
    benchmark::DoNotOptimize(ids = texts.tokens());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(captions.size()));
  state.counters["ids"] = static_cast<double>(ids);
}

/// Opens the vocabulary file.
void open_vocabulary(benchmark::State& state) {
  const char* const folder = std::getenv("CLIP_TEST_DATA");
  if (folder == nullptr) return state.SkipWithError("CLIP_TEST_DATA is not set");
  for (auto _ : state)
    benchmark::DoNotOptimize(Tokenizer{std::string(folder) + "/bpe_simple_vocab_16e6.txt.gz"}.vocabulary_size());
}

BENCHMARK(tokenize)->Unit(benchmark::kMillisecond);
BENCHMARK(open_vocabulary)->Unit(benchmark::kMillisecond);

}  // namespace

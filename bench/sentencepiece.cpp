// Benchmark of SentencePiece on one thread. Items are captions; the counter `ids` is the total number of ids.
//   CLIP_PIECES=FILE CLIP_CAPTIONS=FILE bench_sentencepiece      a .model or tokenizer.json, and captions, one a line
// bench/peers/piece_tokenizers.py trains models and runs this program, sentencepiece and Hugging Face's tokenizers
// alternately on the same captions.
#include <clip/io/lines.hpp>
#include <clip/tokenizer/sentencepiece.hpp>

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

namespace {

using namespace clip;

const char* pieces_file(benchmark::State& state) {
  const char* const file = std::getenv("CLIP_PIECES");
  if (file == nullptr) state.SkipWithError("CLIP_PIECES is not set");
  return file;
}

/// `first`: each time with a tokenizer that has split no text before, so that no word of it is remembered.
void tokenize(benchmark::State& state, bool first) {
  const char *const file = pieces_file(state), *const captions = std::getenv("CLIP_CAPTIONS");
  if (file == nullptr) return;
  if (captions == nullptr) return state.SkipWithError("CLIP_CAPTIONS is not set");
  std::optional<SentencePiece> pieces{file};
  const std::vector<std::string> texts = lines(captions);
  Index ids = 0;
  for (const auto& text : texts) ids += static_cast<Index>(pieces->encode(text).size());
  for (auto _ : state) {
    if (first) {
      state.PauseTiming();
      pieces.emplace(file);
      state.ResumeTiming();
    }
    benchmark::DoNotOptimize((*pieces)(texts, {.context = 64, .too_long = TooLong::truncate}).tokens());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(texts.size()));
  state.counters["ids"] = static_cast<double>(ids);
}

/// Opens the model.
void open_pieces(benchmark::State& state) {
  const char* const file = pieces_file(state);
  if (file == nullptr) return;
  for (auto _ : state) benchmark::DoNotOptimize(SentencePiece{file}.vocabulary_size());
}

BENCHMARK_CAPTURE(tokenize, again, false)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(tokenize, first, true)->Unit(benchmark::kMillisecond);
BENCHMARK(open_pieces)->Unit(benchmark::kMillisecond);

}  // namespace

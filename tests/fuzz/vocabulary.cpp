// Fuzzes vocabularies as they are opened: a list of merges, vocab.json with merges.txt, tokenizer.json, each possibly
// compressed; the first byte selects. An opened one tokenizes, within its own ids, and reads the same twice. The fourth
// kind is a reduced_vocabulary.json beside a list of merges: it gives ids of its own, or the error of a missing piece.
#include <clip/tokenizer/any_tokenizer.hpp>
#include <clip/tokenizer/tokenizer.hpp>

#include "input.hpp"
#include "scratch.hpp"

#include <span>
#include <string>
#include <string_view>

namespace {

void open_reduced(const std::string& folder, std::string_view statement) {
  using namespace clip;
  testing::put(folder + "/whole_merges.txt", "#version: 0.2\nt h\nth e</w>\na n\nan d</w>\n");
  testing::put(folder + "/reduced_vocabulary.json", statement);
  const auto tokenizer = AnyTokenizer::try_open(folder + "/reduced_vocabulary.json");
  if (!tokenizer || tokenizer->kept() == nullptr) return;
  testing::must(tokenizer->kept()->whole() == 518 && tokenizer->kept()->size() == tokenizer->vocabulary_size());
  for (const std::string_view text : {"the", "and a \xF0\x9F\x98\x80", ""}) {
    const auto texts = tokenizer->try_tokenize(std::span{&text, 1}, {.context = 9, .too_long = TooLong::truncate});
    testing::must(texts || texts.error().id() == "clip.input.piece");
    if (!texts) continue;
    for (const std::int32_t id : (*texts)[0]) testing::must(id >= 0 && id < tokenizer->vocabulary_size());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace clip;
  if (size == 0) return 0;
  static const std::string folder = testing::scratch_folder();
  std::string_view rest = as_text(testing::as_input(data, size).subspan(1));
  std::string path = folder + "/merges.txt";
  switch (data[0] % 4) {
    case 0: testing::put(path, rest); break;
    case 1:
      testing::put(path, testing::next_file(rest));
      path = folder + "/vocab.json";
      testing::put(path, rest);
      break;
    case 2:
      path = folder + "/tokenizer.json";
      testing::put(path, rest);
      break;
    case 3: open_reduced(folder, rest); return 0;
  }
  const auto tokenizer = Tokenizer::try_open(path);
  if (!tokenizer) return 0;
  testing::must(tokenizer->vocabulary_size() >= 514 && tokenizer->vocabulary().size == tokenizer->vocabulary_size());
  const std::string_view text = "the cat's photo <|endoftext|> \xF0\x9F\x98\x80 \xFF ab";
  const auto texts = tokenizer->try_tokenize(std::span{&text, 1}, {.context = 77, .too_long = TooLong::truncate});
  testing::must(texts.has_value() && texts->size() == 1);
  for (const std::int32_t id : (*texts)[0]) testing::must(id >= 0 && id < tokenizer->vocabulary_size());
  const auto again = Tokenizer::try_open(path);
  testing::must(again && again->vocabulary().checksum == tokenizer->vocabulary().checksum);
  return 0;
}

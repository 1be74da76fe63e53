// Fuzzes SentencePiece models: .model files and tokenizer.json, with a tokenizer_config.json or none; the first byte
// selects. An opened one splits texts into its own ids, decodes them, and reads the same twice.
#include <clip/tokenizer/sentencepiece.hpp>

#include "input.hpp"
#include "scratch.hpp"

#include <algorithm>
#include <span>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace clip;
  if (size == 0) return 0;
  std::string_view file = as_text(testing::as_input(data, size).subspan(1)), config;
  if (data[0] % 2 == 1) config = testing::next_file(file);
  const auto pieces = SentencePiece::try_parse(file, "x", {}, config);
  if (!pieces) return 0;
  testing::must(pieces->vocabulary_size() > 0 && pieces->vocabulary().size == pieces->vocabulary_size());
  // Texts of the file's own bytes reach its pieces and its map of characters.
  const std::string_view own = file.substr(0, std::min<std::size_t>(file.size(), 2000));
  for (const std::string_view text :
       {std::string_view{"a photo of  a <mask> 12 \xE2\x96\x81 \xF0\x9F\x98\x80 \xFF"}, own}) {
    const auto rows = pieces->try_tokenize(std::span{&text, 1}, {.context = 64, .too_long = TooLong::truncate});
    testing::must(rows.has_value() && rows->size() == 1);
    const auto ids = pieces->encode(text);
    for (const std::int32_t id : ids) testing::must(id >= 0 && id < pieces->vocabulary_size());
    static_cast<void>(pieces->decode(ids));
  }
  const auto again = SentencePiece::try_parse(file, "x", {}, config);
  testing::must(again && again->vocabulary().checksum == pieces->vocabulary().checksum);
  return 0;
}

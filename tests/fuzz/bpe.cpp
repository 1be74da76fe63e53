// Fuzzes vocabularies of every format, and texts; the first byte selects. Ids
// of any text must be within the vocabulary.
#include <clip/tokenizer/byte_level.hpp>
#include <clip/tokenizer/tokenizer.hpp>
#include <clip/tokenizer/vocabulary/vocabulary.hpp>
#include <clip/tokenizer/wordpiece.hpp>

#include "input.hpp"
#include "scratch.hpp"

#include <string>

namespace {

using namespace clip;

void tokenize(const Tokenizer& tokenizer, std::string_view text) {
  const auto texts = tokenizer.try_tokenize(std::span<const std::string_view>{&text, 1},
                                            {.context = 77, .too_long = TooLong::truncate});
  testing::must(texts.has_value() && texts->size() == 1);
  for (const std::int32_t id : (*texts)[0]) testing::must(id >= 0 && id < tokenizer.vocabulary_size());
  static_cast<void>(tokenizer.decode((*texts)[0]));
}

/// A vocab.json of the special names, all bytes, and what the merges "t h" and "th e" make.
std::string byte_vocabulary() {
  std::string json = R"({"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3, "<mask>": 4, "th": 5, "the": 6)";
  for (int byte = 0; byte < 256; ++byte) {
    const std::string symbol = detail::symbol_text(std::string(1, static_cast<char>(byte)));
    json +=
        ", \"" + std::string(symbol == "\"" || symbol == "\\" ? "\\" : "") + symbol + "\": " + std::to_string(7 + byte);
  }
  return json + "}";
}

void tokenize_bytes(const ByteLevel& tokenizer, std::string_view text) {
  const auto texts = tokenizer.try_tokenize(std::span<const std::string_view>{&text, 1},
                                            {.context = 77, .too_long = TooLong::truncate});
  testing::must(texts.has_value() && texts->size() == 1);
  for (const std::int32_t id : (*texts)[0]) testing::must(id >= 0 && id < tokenizer.vocabulary_size());
  const auto ids = tokenizer.encode(text);
  for (const std::int32_t id : ids) testing::must(id >= 0 && id < tokenizer.vocabulary_size());
  static_cast<void>(tokenizer.decode(ids));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text = as_text(testing::as_input(data, size).subspan(1));
  static const Tokenizer bytes;
  switch (data[0] % 7) {
    case 0: tokenize(bytes, text); break;
    case 1: static_cast<void>(detail::try_read_merges("x", text)); break;
    case 2: static_cast<void>(detail::try_read_json_vocabulary<detail::Inflate>("x", text)); break;
    case 3: static_cast<void>(WordPiece::try_parse(text, "x")); break;
    case 4: {
      static const WordPiece pieces =
          WordPiece::try_parse("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n##b\n##c\nab\n.\n", "x").value();
      const auto rows =
          pieces.try_tokenize(std::span<const std::string_view>{&text, 1}, {.too_long = TooLong::truncate});
      testing::must(rows.has_value());
      break;
    }
    case 5: {
      std::string_view rest = text;
      const std::string_view merges = testing::next_file(rest);
      if (const auto tokenizer = ByteLevel::try_parse(rest, merges, "x"))
        tokenize_bytes(*tokenizer, "a <mask> the dog\xFF");
      break;
    }
    case 6: {
      static const ByteLevel tokenizer = ByteLevel::try_parse(byte_vocabulary(), "t h\nth e\n", "x").value();
      tokenize_bytes(tokenizer, text);
      break;
    }
  }
  return 0;
}

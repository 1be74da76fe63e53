#include <clip/tokenizer/bpe/split_gpt2.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using namespace clip;
using Pieces = std::vector<std::string>;

namespace {
Pieces pieces_of(std::string_view text) {
  Pieces pieces;
  split_gpt2(text, [&](std::string_view piece) { pieces.emplace_back(piece); });
  return pieces;
}
}  // namespace

TEST_CASE("a space belongs to the word, the number or the signs after it") {
  CHECK(pieces_of("a dog, 12 cats!?") == Pieces{"a", " dog", ",", " 12", " cats", "!?"});
  CHECK(pieces_of(" a") == Pieces{" a"});
  CHECK(pieces_of("").empty());
}

TEST_CASE("of several spaces the last belongs to what follows, another character of white space stays alone") {
  CHECK(pieces_of("a   b") == Pieces{"a", "  ", " b"});
  CHECK(pieces_of("a\n\nb") == Pieces{"a", "\n", "\n", "b"});
  CHECK(pieces_of("a \tb") == Pieces{"a", " ", "\t", "b"});
  CHECK(pieces_of("a\u3000\u3000b") == Pieces{"a", "\u3000", "\u3000", "b"});
  CHECK(pieces_of("a  ") == Pieces{"a", "  "});
  CHECK(pieces_of(" ") == Pieces{" "});
}

TEST_CASE("contractions are pieces in lower case alone") {
  CHECK(pieces_of("we'll don't I'VE 's") == Pieces{"we", "'ll", " don", "'t", " I", "'", "VE", " '", "s"});
}

TEST_CASE("the pieces together are the text") {
  const std::string text = "na\u00EFve \U0001F600\U0001F600 \u00BD\u00B2 \u0301x \u200B\t\r\n'd";
  std::string all;
  for (const std::string& piece : pieces_of(text)) all += piece;
  CHECK(all == text);
}

#include <clip/text/split.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace {
using Pieces = std::vector<std::string>;
Pieces split(std::string_view text) {
  Pieces pieces;
  clip::split_pieces(text, [&](std::string_view piece) { pieces.emplace_back(piece); });
  return pieces;
}
}  // namespace

TEST_CASE("letters, single digits and everything else are pieces of their own") {
  CHECK(split("a photo, 42!? of_x") == Pieces{"a", "photo", ",", "4", "2", "!?", "of", "_", "x"});
  CHECK(split("").empty());
  CHECK(split("caf\u00E9 \u4F60\u597D \u00BD\u00B3 e\u0301") == Pieces{"caf\u00E9", "\u4F60\u597D", "\u00BD", "\u00B3", "e", "\u0301"});
}

TEST_CASE("contractions split where a piece begins with the apostrophe") {
  CHECK(split("don't we'll 's's ' s") == Pieces{"don", "'t", "we", "'ll", "'s", "'s", "'", "s"});
  CHECK(split("!'s 'x they've") == Pieces{"!'", "s", "'", "x", "they", "'ve"});
  CHECK(split("'\u017Fx") == Pieces{"'\u017F", "x"});
}

TEST_CASE("special strings are one piece where a piece begins with them") {
  CHECK(split("<|startoftext|>hi<|endoftext|>") == Pieces{"<|startoftext|>", "hi", "<|endoftext|>"});
  CHECK(split("!<|endoftext|>") == Pieces{"!<|", "endoftext", "|>"});
  CHECK(split("<|\u017Ftartoftext|>") == Pieces{"<|\u017Ftartoftext|>"});
  CHECK(split("<|endoftex") == Pieces{"<|", "endoftex"});
}

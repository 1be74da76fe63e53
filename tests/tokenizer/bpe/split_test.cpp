#include <clip/tokenizer/bpe/split.hpp>

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

TEST_CASE("runs of letters, single digits and runs of other characters are pieces") {
  CHECK(split("a photo, 42!? of_x") == Pieces{"a", "photo", ",", "4", "2", "!?", "of", "_", "x"});
  CHECK(split("").empty());
  CHECK(split("caf\u00E9 \u4F60\u597D \u00BD\u00B3 e\u0301") ==
        Pieces{"caf\u00E9", "\u4F60\u597D", "\u00BD", "\u00B3", "e", "\u0301"});
}

TEST_CASE("a contraction is a piece only if a piece begins at its apostrophe") {
  CHECK(split("don't we'll 's's ' s") == Pieces{"don", "'t", "we", "'ll", "'s", "'s", "'", "s"});
  CHECK(split("!'s 'x they've") == Pieces{"!'", "s", "'", "x", "they", "'ve"});
  CHECK(split("'\u017Fx") == Pieces{"'\u017F", "x"});
}

TEST_CASE("a special string is one piece if a piece begins with it") {
  CHECK(split("<|startoftext|>hi<|endoftext|>") == Pieces{"<|startoftext|>", "hi", "<|endoftext|>"});
  CHECK(split("!<|endoftext|>") == Pieces{"!<|", "endoftext", "|>"});
  CHECK(split("<|\u017Ftartoftext|>") == Pieces{"<|\u017Ftartoftext|>"});
  CHECK(split("<|endoftex") == Pieces{"<|", "endoftex"});
}

TEST_CASE("the rules decide which strings are special") {
  const auto with = [](clip::SpecialStrings specials) {
    Pieces pieces;
    clip::split_pieces("<start_of_text><|endoftext|>", {clip::strings_of(specials)},
                       [&](std::string_view piece) { pieces.emplace_back(piece); });
    return pieces;
  };
  CHECK(with(clip::SpecialStrings::openai) == Pieces{"<", "start", "_", "of", "_", "text", "><|", "endoftext", "|>"});
  CHECK(with(clip::SpecialStrings::open_clip) == Pieces{"<start_of_text>", "<|", "endoftext", "|>"});
  CHECK(with(clip::SpecialStrings::none) == with(clip::SpecialStrings::openai));
}

TEST_CASE("if case is ignored, a long s matches s, and U+0345 splits the text and is dropped") {
  const auto split_by_case = [](std::string_view text, bool ignore_case) {
    Pieces pieces;
    clip::split_pieces(text, {{}, ignore_case}, [&](std::string_view piece) { pieces.emplace_back(piece); });
    return pieces;
  };
  CHECK(split_by_case("x'\u017F !\u0345!", true) == Pieces{"x", "'\u017F", "!", "!"});
  CHECK(split_by_case("x'\u017F !\u0345!", false) == Pieces{"x", "'", "\u017F", "!\u0345!"});
}

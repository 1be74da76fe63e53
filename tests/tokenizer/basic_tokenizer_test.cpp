#include <clip/tokenizer/basic_tokenizer.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using clip::WordClass;

namespace {
using Words = std::vector<std::string>;
Words words(std::string_view text, bool ignore_case = true) {
  clip::WordScratch scratch;
  Words all;
  clip::split_words(text, ignore_case, scratch, [&](std::string_view word, std::size_t) { all.emplace_back(word); });
  return all;
}
}  // namespace

TEST_CASE("spaces end words; punctuation, ASCII symbols and ideographs are words of their own") {
  CHECK(words("It's $5, ok?!") == Words{"it", "'", "s", "$", "5", ",", "ok", "?", "!"});
  CHECK(words(" a\tb\nc\u00A0d\u3000e\u2028f ") == Words{"a", "b", "c", "d", "e", "f"});
  CHECK(words("ab\u4F60\u597Dc \u3053\u3093") == Words{"ab", "\u4F60", "\u597D", "c", "\u3053\u3093"});
  CHECK(words("a\u2014b\u00BFc\u20ACd") == Words{"a", "\u2014", "b", "\u00BF", "c\u20ACd"});
  CHECK(words("").empty());
}

TEST_CASE("control, format and invalid characters are dropped and do not end a word") {
  CHECK(words(std::string_view{"a\0b\x07"
                               "c\x7F"
                               "d",
                               7}) == Words{"abcd"});
  CHECK(words("a\u200Bb\u00ADc\uFEFFd\uFFFDe\uE000f\u0378g\x0Bh") == Words{"abcdefgh"});
  CHECK(words("a\xFF\xC3z") == Words{"az"});
}

TEST_CASE("ignoring case also removes accents") {
  CHECK(words("\u00C9t\u00E9 cafe\u0301 \u0130 \u1E9E") == Words{"ete", "cafe", "i", "\u00DF"});
  CHECK(words("\u00C9t\u00E9 cafe\u0301", false) == Words{"\u00C9t\u00E9", "cafe\u0301"});
  CHECK(words("\u039F\u0394\u039F\u03A3 \u03A3") == Words{"\u03BF\u03B4\u03BF\u03C2", "\u03C3"});
}

TEST_CASE("a word is reported with its number of characters") {
  clip::WordScratch scratch;
  clip::split_words("\u00E9t\u00E9", false, scratch, [&](std::string_view word, std::size_t characters) {
    CHECK(word.size() == 5);
    CHECK(characters == 3);
  });
}

TEST_CASE("the word classes have as many members as in Unicode 14") {
  int count[5] = {};
  for (char32_t c = 0; c < 0x110000; ++c) {
    if (c < 0xD800 || c > 0xDFFF) ++count[static_cast<int>(clip::word_class(c))];
  }
  CHECK(count[static_cast<int>(WordClass::space)] == 3 + 17 + 2);
  CHECK(count[static_cast<int>(WordClass::mark)] == 1950);
  CHECK(count[static_cast<int>(WordClass::alone)] == 819 + 9 + 81455);
}

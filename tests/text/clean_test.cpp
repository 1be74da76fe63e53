#include <clip/text/clean.hpp>

#include <doctest/doctest.h>

#include <string>

using clip::Cleaning;

namespace {
std::string cleaned(std::string_view text, Cleaning cleaning = Cleaning::openai) {
  std::string out = "left from before";
  clip::clean_text(text, cleaning, out);
  return out;
}
}  // namespace

TEST_CASE("white space collapses and letters become small, whatever the cleaning") {
  for (const Cleaning cleaning : {Cleaning::openai, Cleaning::none}) {
    CHECK(cleaned("  A Photo\t\n OF  a CAT ", cleaning) == "a photo of a cat");
    CHECK(cleaned("", cleaning).empty());
    CHECK(cleaned(" \t\r\n\f", cleaning).empty());
    CHECK(cleaned(" \u00C9T\u00C9\u00A0 \u3000X\u2003", cleaning) == "\u00E9t\u00E9 x");
  }
}

TEST_CASE("a text that needs no repair is cleaned alike on the short way and the long") {
  const std::string text = "  Some\tPLAIN words, 10% of <them>  'quoted'\r\n";
  const std::string plain = cleaned(text), with_accent = cleaned(text + "\u00E9");
  CHECK(with_accent == plain + " \u00E9");
}

TEST_CASE("only OpenAI's cleaning repairs and writes references out") {
  CHECK(cleaned("AT&amp;amp;T \u201Cx\u201D") == "at&t \"x\"");
  CHECK(cleaned("AT&amp;amp;T \u201Cx\u201D", Cleaning::none) == "at&amp;amp;t \u201Cx\u201D");
  CHECK(cleaned("<&amp;lt;>") == "<<>");
}

TEST_CASE("separators U+001C to U+001F count as space only at the ends") { CHECK(cleaned("\x1C a\x1Dz \x1F", Cleaning::none) == "a\x1Dz"); }

TEST_CASE("bytes that are not UTF-8 become U+FFFD") {
  CHECK(cleaned("A\xFF"
                "B\xC3") == "a\uFFFDb\uFFFD");
}

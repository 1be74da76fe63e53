#include <clip/tokenizer/clean/clean.hpp>

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

TEST_CASE("every cleaning but none collapses white space and lowers case") {
  for (const Cleaning cleaning : {Cleaning::openai, Cleaning::open_clip, Cleaning::huggingface, Cleaning::openai_ftfy,
                                  Cleaning::canonicalize, Cleaning::lower}) {
    CHECK(cleaned("  A Photo\t\n OF  a CAT ", cleaning) == "a photo of a cat");
    CHECK(cleaned("", cleaning).empty());
    CHECK(cleaned(" \t\r\n\f", cleaning).empty());
    CHECK(cleaned(" \u00C9T\u00C9\u00A0 \u3000X\u2003", cleaning) == "\u00E9t\u00E9 x");
  }
}

TEST_CASE("the fast path for plain text gives the same result as the full cleaning") {
  const std::string text = "  Some\tPLAIN words, 10% of <them>  'quoted'\r\n";
  const std::string plain = cleaned(text), with_accent = cleaned(text + "\u00E9");
  CHECK(with_accent == plain + " \u00E9");
}

TEST_CASE("OpenAI's cleaning repairs text and decodes references") {
  CHECK(cleaned("AT&amp;amp;T \u201Cx\u201D") == "at&t \"x\"");
  CHECK(cleaned("AT&amp;amp;T \u201Cx\u201D", Cleaning::lower) == "at&amp;amp;t \u201Cx\u201D");
  CHECK(cleaned("<&amp;lt;>") == "<<>");
}

TEST_CASE("U+001C to U+001F are white space at the ends, everywhere or nowhere") {
  CHECK(cleaned("\x1C a\x1Dz \x1F", Cleaning::lower) == "a\x1Dz");
  CHECK(cleaned("\x1C a\x1Dz \x1F", Cleaning::huggingface) == "\x1C a\x1Dz \x1F");
  std::u32string spaced;
  clip::detail::collapse_spaces(U"\x1C a\x1Dz \x1F", Cleaning::open_clip, spaced);
  CHECK(spaced == U"a z");
}

TEST_CASE("Hugging Face's cleaning composes characters, repairs nothing and has no final sigma") {
  CHECK(cleaned("CAFE\u0301 &amp; \u201Cx\u201D \uFF21", Cleaning::huggingface) ==
        "caf\u00E9 &amp; \u201Cx\u201D \uFF41");
  CHECK(cleaned("\u0391\u03A3", Cleaning::huggingface) == "\u03B1\u03C3");
  CHECK(cleaned("\u0391\u03A3", Cleaning::lower) == "\u03B1\u03C2");
}

TEST_CASE("the caller's repair runs before ours, in the cleanings that repair") {
  const clip::TextRepair repair = [](std::string_view text) {
    return std::string(text) == "sch\u00C3\u00B6n" ? "\u201Csch\u00F6n\u201D &amp;" : std::string(text);
  };
  const auto with = [&](std::string_view text, Cleaning cleaning) {
    std::string out;
    clip::clean_text(text, cleaning, repair, out);
    return out;
  };
  CHECK(with("sch\u00C3\u00B6n", Cleaning::openai) == "\"sch\u00F6n\" &");
  CHECK(with("sch\u00C3\u00B6n", Cleaning::open_clip) == "\"sch\u00F6n\" &");
  CHECK(with("sch\u00C3\u00B6n", Cleaning::huggingface) == "sch\u00E3\u00B6n");
  CHECK(with("sch\u00C3\u00B6n", Cleaning::lower) == "sch\u00E3\u00B6n");
  CHECK(with("sch\u00C3\u00B6n", Cleaning::none) == "sch\u00C3\u00B6n");
  CHECK(with("bad \xFF byte", Cleaning::openai) == "bad \uFFFD byte");
}

TEST_CASE("only the cleanings with all of ftfy repair text that was decoded with the wrong encoding") {
  for (const Cleaning cleaning : {Cleaning::openai_ftfy, Cleaning::canonicalize})
    CHECK(cleaned("Sch\u00C3\u00B6n  DAS", cleaning) == "sch\u00F6n das");
  for (const Cleaning cleaning : {Cleaning::openai, Cleaning::open_clip, Cleaning::huggingface, Cleaning::lower})
    CHECK(cleaned("Sch\u00C3\u00B6n  DAS", cleaning) == "sch\u00E3\u00B6n das");
  std::string repaired;
  clip::clean_text("Sch\u00C3\u00B6n", Cleaning::open_clip, clip::repair_encoding, repaired);
  CHECK(repaired == "sch\u00F6n");
}

TEST_CASE("canonicalize takes the same steps on plain ASCII as on other texts") {
  const std::string plain = "  A snake_case,\t(well-known) \"PHOTO\": #1\f!  _x_ ";
  CHECK(cleaned(plain, Cleaning::canonicalize) == "a snake case wellknown photo 1 x");
  CHECK(cleaned(plain + "\u00E9", Cleaning::canonicalize) == "a snake case wellknown photo 1 x \u00E9");
}

TEST_CASE("siglip lowers letter by letter, removes ASCII punctuation and collapses white space") {
  CHECK(cleaned("A snake_case,  (well-known)\tphoto! ", Cleaning::siglip) == "a snakecase wellknown photo");
  CHECK(cleaned("&amp; \u2581\u03A3\u0391\u03A3\x1E\u0130 \u201Cx\u201D", Cleaning::siglip) ==
        "amp \u03C3\u03B1\u03C3 i\u0307 \u201Cx\u201D");
}

TEST_CASE("siglip2 lowers letter by letter and changes nothing else") {
  CHECK(cleaned("  A_b, \tC\u0130\u03A3  ", Cleaning::siglip2) == "  a_b, \tci\u0307\u03C3  ");
  CHECK(cleaned("\xFFZ", Cleaning::siglip2) == "\uFFFDz");
}

TEST_CASE("canonicalize removes ASCII punctuation, and an underscore becomes a space") {
  CHECK(cleaned("A snake_case, (well-known)  \u201Cphoto\u201D!", Cleaning::canonicalize) ==
        "a snake case wellknown photo");
  CHECK(cleaned("!\"#$%&'()*+,-./:;<=>?@[\\]^`{|}~", Cleaning::canonicalize).empty());
  CHECK(cleaned("AT&amp;amp;T\x1Ex \u00AB\u00A1\u00BB", Cleaning::canonicalize) == "attx \u00AB\u00A1\u00BB");
}

TEST_CASE("none leaves a text as it is, but for bytes that are not UTF-8") {
  CHECK(cleaned(" A  Photo &amp; \u201Cx\u201D\n", Cleaning::none) == " A  Photo &amp; \u201Cx\u201D\n");
  CHECK(cleaned("A\xFF", Cleaning::none) == "A\uFFFD");
}

TEST_CASE("bytes that are not UTF-8 become U+FFFD") {
  CHECK(cleaned("A\xFF"
                "B\xC3") == "a\uFFFDb\uFFFD");
}

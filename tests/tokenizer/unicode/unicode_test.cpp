#include <clip/tokenizer/unicode/unicode.hpp>

#include <doctest/doctest.h>

#include <string>

using clip::CodeClass;

namespace {
std::string lower(std::u32string_view text) {
  std::u32string low;
  clip::lower_case(std::u32string(text), low);
  std::string out;
  for (const char32_t c : low) clip::append_utf8(out, c);
  return out;
}
}  // namespace

TEST_CASE("every character survives UTF-8 and back") {
  for (char32_t c = 0; c < 0x110000; ++c) {
    if (c >= 0xD800 && c < 0xE000) continue;
    std::string text;
    clip::append_utf8(text, c);
    const auto back = clip::decode_utf8(text, 0);
    if (back.value != c || back.bytes != text.size()) FAIL_CHECK("U+" << static_cast<unsigned>(c));
  }
}

TEST_CASE("each byte that is not UTF-8 becomes one U+FFFD") {
  const std::string bad = "\xEF\xBF\xBD";
  CHECK(clip::valid_utf8("a\xFFz") == "a" + bad + "z");
  CHECK(clip::valid_utf8("\x80\xBF") == bad + bad);
  CHECK(clip::valid_utf8("\xC0\xAF") == bad + bad);             // overlong '/'
  CHECK(clip::valid_utf8("\xE0\x80\xAF") == bad + bad + bad);   // overlong
  CHECK(clip::valid_utf8("\xED\xA0\x80") == bad + bad + bad);   // a surrogate
  CHECK(clip::valid_utf8("\xF4\x90\x80\x80").size() == 4 * 3);  // above U+10FFFF
  CHECK(clip::valid_utf8("\xE4\xBD") == bad + bad);             // truncated
  CHECK(clip::valid_utf8("\xE4\xBD"
                         "a") == bad + bad + "a");
  CHECK(clip::valid_utf8("\xC3\xA9\xF0\x9F\x98\x80") == "\xC3\xA9\xF0\x9F\x98\x80");
}

TEST_CASE("characters have the classes of the pre-tokenizer") {
  for (const char32_t c : {U'a', U'Z', U'\u00E9', U'\u03C9', U'\u4F60', U'\u30CF', U'\u0E44', U'\U0001F130'})
    CHECK(clip::code_class(c) == (c == 0x1F130 ? CodeClass::other : CodeClass::letter));
  for (const char32_t c : {U'0', U'9', U'\u00B3', U'\u00BD', U'\u0663', U'\u216B'})
    CHECK(clip::code_class(c) == CodeClass::number);
  for (const char32_t c : {U' ', U'\t', U'\u0085', U'\u00A0', U'\u2003', U'\u3000'})
    CHECK(clip::code_class(c) == CodeClass::space);
  for (const char32_t c : {U'_', U'-', U'\u0301', U'\u200D', U'\U0001F600', U'\uFFFD', U'\u200B'})
    CHECK(clip::code_class(c) == CodeClass::other);
}

TEST_CASE("the character classes have as many members as in Unicode 14") {
  int letters = 0, numbers = 0, spaces = 0;
  for (char32_t c = 0; c < 0x110000; ++c) {
    const CodeClass kind = clip::code_class(c);
    letters += kind == CodeClass::letter;
    numbers += kind == CodeClass::number;
    spaces += kind == CodeClass::space;
  }
  CHECK(letters == 131756);
  CHECK(numbers == 1791);
  CHECK(spaces == 25);
}

TEST_CASE("lower case covers every script and leaves lower case alone") {
  CHECK(lower(U"AZ \u00C9 \u0416 \u0410\u03A9 \u1E9E \u212A \U00010400") ==
        "az \u00E9 \u0436 \u0430\u03C9 \u00DF k \U00010428");
  int changed = 0;
  for (char32_t c = 0; c < 0x110000; ++c) {
    const char32_t low = clip::lower_case(c);
    changed += low != c;
    if (clip::lower_case(low) != low) FAIL_CHECK("U+" << static_cast<unsigned>(c));
  }
  CHECK(changed == 1432);
}

TEST_CASE("lower case handles the dotted capital I and the final sigma") {
  CHECK(lower(U"\u0130stanbul") == "i\u0307stanbul");
  CHECK(lower(U"\u03A3\u0391\u03A3") == "\u03C3\u03B1\u03C2");
  CHECK(lower(U"\u0391\u03A3. \u0391\u03A3\u0391") == "\u03B1\u03C2. \u03B1\u03C3\u03B1");
  CHECK(lower(U"\u0391'\u03A3'\u0391") == "\u03B1'\u03C3'\u03B1");
  CHECK(lower(U"\u03A3") == "\u03C3");
}

TEST_CASE("lower case letter by letter has no final sigma") {
  std::u32string out;
  clip::lower_letters(U"\u0391\u03A3 \u0130", out);
  CHECK(out == U"\u03B1\u03C3 i\u0307");
}

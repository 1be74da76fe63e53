#include <clip/tokenizer/clean/fix_encoding.hpp>

#include <clip/tokenizer/clean/byte_encodings.hpp>
#include <clip/tokenizer/clean/mojibake.hpp>
#include <clip/tokenizer/clean/mojibake_tables.hpp>
#include <clip/tokenizer/unicode/unicode.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

using namespace clip;

namespace {

/// UTF-8 decoded as an encoding of one byte per character.
std::u32string misread(std::u32string_view text, const detail::ByteEncoding& encoding) {
  std::string bytes;
  for (const char32_t c : text) append_utf8(bytes, c);
  std::u32string out;
  for (const char byte : bytes) {
    const auto b = static_cast<unsigned char>(byte);
    out.push_back(b < 0x80 ? b : char32_t{encoding.high[b - 0x80]});
  }
  return out;
}

bool unlikely(std::u32string_view text) { return detail::MarkedText{text}.unlikely(); }

}  // namespace

TEST_CASE("text decoded with each of the wrong encodings, up to three times over, is repaired") {
  const std::u32string text = U"\u201CSch\u00F6n\u201D \u2014 \u00E9t\u00E9 \U0001F600 \u732B";
  for (const detail::ByteEncoding& encoding : detail::byte_encodings) {
    CAPTURE(encoding.name);
    std::u32string wrong = text;
    for (int times = 1; times <= 3; ++times) {
      wrong = misread(wrong, encoding);
      CHECK(unlikely(wrong));
      CHECK(fix_encoding(wrong) == text);
    }
  }
}

TEST_CASE("text as it is intended stays") {
  for (const std::u32string_view text :
       {U"Sch\u00F6n, d\u00E9j\u00E0 vu, \u00C5 \u00C3o 5\u00B0 \u00A3 2\u00BD",
        U"\u0441\u044A\u0435\u0448\u044C \u0435\u0449\u0451", U"\u03BB\u03CD\u03BA\u03B5\u03B9\u03BF",
        U"\u732B\u306E\u5199\u771F", U"plain", U""}) {
    CHECK(!unlikely(text));
    CHECK(fix_encoding(std::u32string{text}) == text);
  }
}

TEST_CASE("wrongly decoded parts are repaired inside a text that is right") {
  CHECK(fix_encoding(U"\u732B sch\u00C3\u00B6n \u00F6") == U"\u732B sch\u00F6n \u00F6");
  CHECK(fix_encoding(U"\u00D6l \u00E2\u20AC\u201C \u00C3\u00A9t\u00C3\u00A9") == U"\u00D6l \u2013 \u00E9t\u00E9");
}

TEST_CASE("spaces that were no-break spaces, and lost bytes, do not prevent the repair") {
  CHECK(fix_encoding(U"voil\u00C3 le travail") == U"voil\u00E0 le travail");
  CHECK(fix_encoding(U"\u00C3 la mode") == U"\u00E0 la mode");
  CHECK(fix_encoding(U"\u00C3 s vezes \u00C3 quela \u00C3\u00A9") == U"\u00E0s vezes \u00E0quela \u00E9");
  CHECK(fix_encoding(U"\u00E2\u20AC\u0153like this\u00E2\u20AC\uFFFD") == U"\u201Clike this\uFFFD");
}

TEST_CASE("surrogates that were encoded one by one, and a NUL of two bytes, count as UTF-8") {
  using detail::decode_utf8_variants;
  CHECK(decode_utf8_variants("\xED\xA0\xBD\xED\xB8\x80") == U"\U0001F600");
  CHECK(decode_utf8_variants("a\xC0\x80z") == std::u32string{U'a', 0, U'z'});
  for (const std::string_view bad :
       {"\xED\xA0\xBD", "\xED\xB8\x80", "\xC0\x81", "\xC0", "\xFF", "\xE2\x82", "\xF5\x80\x80\x80"})
    CHECK(!decode_utf8_variants(bad));
}

TEST_CASE("all steps together: references in capitals, quotes, line ends, markup") {
  CHECK(repair_encoding("&ATILDE;&SUP3;") == "\u00F3");
  CHECK(repair_encoding("BUNDESSTRA&SZLIG;E P&EACUTE;REZ") == "BUNDESSTRASSE P\u00C9REZ");
  CHECK(repair_encoding("\u00E2\u20AC\u0153x\u00E2\u20AC\u009D\r\n\uFF21") == "\"x\"\nA");
  CHECK(repair_encoding("&amp; \u00C3\u00B6\n<b> &amp; \u00C3\u00B6\n&amp;") == "& \u00F6\n<b> &amp; \u00F6\n&amp;");
  CHECK(repair_encoding("a\xFF \u00C3\u00B6") == "a\uFFFD \u00F6");
}

TEST_CASE("the time of a hostile text is in proportion to its length") {
  // Each repair lets the next character join: as many rounds as characters, were there no bound.
  const auto hostile = [](std::size_t length) {
    std::u32string text = U"\u732B \u00C3";
    text.append(length, U'\u0192');
    return text;
  };
  CHECK(fix_encoding(hostile(20)) == U"\u732B \u00C3");
  const auto start = std::chrono::steady_clock::now();
  CHECK(fix_encoding(hostile(50'000)).size() >= 40'000);
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds{30});
}

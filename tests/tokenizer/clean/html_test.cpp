#include <clip/tokenizer/clean/html.hpp>

#include <doctest/doctest.h>

#include <string>

namespace {
std::u32string unescaped(std::u32string text) {
  std::u32string out;
  clip::html_unescape(text, out);
  return out;
}
}  // namespace

TEST_CASE("named references are decoded, with or without the semicolon that old pages omit") {
  CHECK(unescaped(U"&lt;b&gt; AT&amp;T &eacute;&eacute &hellip; &nbsp;") == U"<b> AT&T \u00E9\u00E9 \u2026 \u00A0");
  CHECK(unescaped(U"&hellip &NotEqualTilde;") == U"&hellip \u2242\u0338");
  CHECK(unescaped(U"&CounterClockwiseContourIntegral;") == U"\u2233");
}

TEST_CASE("the longest known prefix of a name counts") {
  CHECK(unescaped(U"&notit; &notin; &ampersand &ltx") == U"\u00ACit; \u2209 &ersand <x");
}

TEST_CASE("numeric references follow HTML 5") {
  CHECK(unescaped(U"&#233;&#xE9;&#XE9 &#x1F600;") == U"\u00E9\u00E9\u00E9 \U0001F600");
  CHECK(unescaped(U"&#0;&#xD800;&#x110000;&#99999999999999999999;") == U"\uFFFD\uFFFD\uFFFD\uFFFD");
  CHECK(unescaped(U"&#128;&#x82;&#x81;") == U"\u20AC\u201A\u0081");
  CHECK(unescaped(U"[&#1;&#x7F;&#xFDD0;&#x1FFFE;&#11;]") == U"[]");
  CHECK(unescaped(U"&#13;&#9;") == U"\r\t");
}

TEST_CASE("text that is not a reference is kept") {
  for (const char32_t* text :
       {U"&", U"&&", U"a & b", U"&;", U"&#;", U"&#x;", U"&#xg", U"&nosuchname;", U"&\u00E9;", U"x&#", U"&<lt;"})
    CHECK(unescaped(text) == text);
}

TEST_CASE("one call undoes one level of escaping") {
  CHECK(unescaped(U"&amp;amp;amp;") == U"&amp;amp;");
  CHECK(unescaped(unescaped(U"&amp;lt;")) == U"<");
}

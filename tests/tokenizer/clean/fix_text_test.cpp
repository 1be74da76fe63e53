#include <clip/tokenizer/clean/fix_text.hpp>

#include <doctest/doctest.h>

#include <string>

using clip::fix_text;

TEST_CASE("curly quotes become straight quotes") {
  CHECK(fix_text(U"don\u2019t \u201Cquote\u201D \u2018x\u201B \u02BC") == U"don't \"quote\" 'x' '");
}

TEST_CASE("ligatures and wide characters become ordinary letters") {
  CHECK(fix_text(U"\uFB01ne \uFB03 \u0133 \u01C5 \u0149") == U"fine ffi ij D\u017E 'n");
  CHECK(fix_text(U"\uFF26\uFF35\uFF2C\uFF2C\u3000\uFF0C\uFF76\uFF9E") == U"FULL ,\u30AC");
  CHECK(fix_text(U"\uFFE3\uFFEE") == U" \u0304\u25CB");
}

TEST_CASE("control characters, terminal escapes and byte order marks are removed") {
  CHECK(fix_text(U"\u0007bell\u001B[31;1mred\u001B[0m\u007F\uFEFF\u206A") == U"bellred");
  CHECK(fix_text(U"a\u001B[1;2") == U"a[1;2");
  CHECK(fix_text(std::u32string(U"a\0b", 3)) == U"ab");
}

TEST_CASE("C1 controls are read as Windows-1252, before line breaks are unified") {
  CHECK(fix_text(U"\u0085|\u0093x\u0094") == U"\u2026|\"x\"");
  CHECK(fix_text(U"a\r\nb\rc\u2028d\u2029e") == U"a\nb\nc\nd\ne");
}

TEST_CASE("references with a semicolon are decoded, also nested ones and names in capitals") {
  CHECK(fix_text(U"&amp;amp;amp;lt; &EACUTE; &eacute") == U"< \u00E9 &eacute");
  CHECK(fix_text(U"&SZLIG;&GTDOT;&SIGMA;&nosuch;") == U"ss&GTDOT;\u03A3&nosuch;");
  CHECK(fix_text(U"&#59;&#x41;&#12ab;&#;") == U"&#59;A&#12ab;&#;");
}

TEST_CASE("references are kept from the first line with markup on") {
  CHECK(fix_text(U"&amp;\n<b>&amp;\n&amp;") == U"&\n<b>&amp;\n&amp;");
  CHECK(fix_text(U"<&lt;") == U"<&lt;");
}

TEST_CASE("deeply nested escapes end after a bounded number of rounds") {
  std::u32string text = U"&";
  for (int i = 0; i < 5000; ++i) text += U"amp;";
  CHECK(fix_text(text).size() == text.size() - 4 * 100);
}

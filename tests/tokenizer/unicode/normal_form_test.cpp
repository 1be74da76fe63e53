#include <clip/tokenizer/unicode/normal_form.hpp>

#include <doctest/doctest.h>

#include <string>

namespace {
std::u32string composed(std::u32string text) {
  clip::normal_form_c(text);
  return text;
}
}  // namespace

TEST_CASE("form C joins an accent with its letter") {
  CHECK(composed(U"cafe\u0301") == U"caf\u00E9");
  CHECK(composed(U"R\u0301") == U"\u0154");
  CHECK(composed(U"a\u0302\u0301") == U"\u1EA5");
  CHECK(composed(U"\u0061\u0323\u0302") == U"\u1EAD");
  CHECK(composed(U"\u0301a") == U"\u0301a");
}

TEST_CASE("marks are sorted by combining class, and a mark is blocked by one of the same class") {
  CHECK(composed(U"a\u0302\u0323") == U"\u1EAD");
  CHECK(composed(U"q\u0307\u0323") == U"q\u0323\u0307");
  CHECK(composed(U"q\u0308\u0301") == U"q\u0308\u0301");
  CHECK(composed(U"a\u030D\u0301") == U"a\u030D\u0301");
}

TEST_CASE("singletons are replaced, and composition exclusions are decomposed") {
  CHECK(composed(U"\u212A\u2126\u212B") == U"K\u03A9\u00C5");
  CHECK(composed(U"\u0958") == U"\u0915\u093C");
  CHECK(composed(U"\uF900") == U"\u8C48");
}

TEST_CASE("Hangul letters compose to syllables") {
  CHECK(composed(U"\u1112\u1161\u11AB\u1100\u1173\u11AF") == U"\uD55C\uAE00");
  CHECK(composed(U"\uD558\u11AB") == U"\uD55C");
  CHECK(composed(U"\uD55C\u11AB") == U"\uD55C\u11AB");
  CHECK(composed(U"\u1112\u11AB") == U"\u1112\u11AB");
}

TEST_CASE("form D puts accents after their letters, in the order of combining classes") {
  const auto apart = [](std::u32string text) {
    clip::normal_form_d(text);
    return text;
  };
  CHECK(apart(U"caf\u00E9 \u1EA5") == U"cafe\u0301 a\u0302\u0301");
  CHECK(apart(U"q\u0307\u0323") == U"q\u0323\u0307");
  CHECK(apart(U"\uD55C \uAE00") == U"\u1112\u1161\u11AB \u1100\u1173\u11AF");
  for (char32_t c = 0; c < 0x110000; ++c) {
    if (c >= 0xD800 && c < 0xE000) continue;
    if (composed(apart({c, 0x323})) != composed({c, 0x323})) FAIL_CHECK("U+" << static_cast<unsigned>(c));
  }
}

TEST_CASE("normalisation is idempotent for every character") {
  for (char32_t c = 0; c < 0x110000; ++c) {
    if (c >= 0xD800 && c < 0xE000) continue;
    const std::u32string once = composed({c, 0x301, 0x323});
    if (composed(once) != once) FAIL_CHECK("U+" << static_cast<unsigned>(c));
  }
}

#include <clip/plot/drawing.hpp>

#include <doctest/doctest.h>

using namespace clip;

TEST_CASE("text on any mixture of the palette is readable") {
  for (const Rgb color : {colors::blue, colors::orange, colors::faint})
    for (int i = 0; i <= 100; ++i) {
      const Rgb fill = mix(colors::pale, color, i / 100.0);
      CAPTURE(fill.css());
      CHECK(contrast(fill, detail::readable_on(fill)) >=
            3.7);  // WCAG requires 4.5 for small text, 3 for large; no medium shade reaches 4.5 with either colour
    }
  for (const Rgb color : {colors::ink, colors::faint, colors::blue}) CHECK(contrast(colors::white, color) >= 4.5);
}

TEST_CASE("ticks are 1, 2 or 5 times a power of ten and at most as many as requested") {
  CHECK(detail::tick_step(10, 10) == doctest::Approx(1));
  CHECK(detail::tick_step(10, 5) == doctest::Approx(2));
  CHECK(detail::tick_step(701, 9) == doctest::Approx(100));
  CHECK(detail::tick_step(0.03, 7) == doctest::Approx(0.005));
  for (const double range : {1e-6, 0.7, 3.0, 99.0, 12345.0})
    for (const int most : {2, 5, 9}) CHECK(range / detail::tick_step(range, most) <= most * (1 + 1e-9));
}

TEST_CASE("a longer text is wider, and multi-byte letters count once") {
  CHECK(detail::text_width("shirt", 12) < detail::text_width("t-shirt", 12));
  CHECK(detail::text_width("\xC3\xA9t\xC3\xA9", 12) == detail::text_width("ete", 12));
  CHECK(detail::widest({"a", "abc", "ab"}, 10) == detail::text_width("abc", 10));
  CHECK(detail::widest({}, 10) == 0);
}

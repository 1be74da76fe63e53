#include <clip/autograd/pattern.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace clip;

static_assert(matches("visual.*", "visual.conv1.weight") && !matches("visual.*", "transformer.visual.x") &&
              !matches("visual.*", "visual"));
static_assert(matches("*", "") && matches("*", "anything") && matches("", "") && !matches("", "a") &&
              !matches("a", ""));
static_assert(matches("*.weight", "a.b.weight") && !matches("*.weight", "a.b.weights") &&
              matches("*ln_?.bias", "x.ln_2.bias") && !matches("ln_?", "ln_12"));

TEST_CASE("a range in braces is a number, not digits") {
  const char* pattern = "visual.transformer.resblocks.{0..5}.*";
  for (int i = 0; i < 12; ++i) {
    INFO(i);
    CHECK(matches(pattern, "visual.transformer.resblocks." + std::to_string(i) + ".ln_1.weight") == (i <= 5));
  }
  CHECK(matches("{10..12}", "11"));
  CHECK_FALSE(matches("{10..12}", "1"));
  CHECK_FALSE(matches("{1..2}", "12"));
}

TEST_CASE("a malformed range matches nothing") {
  for (const char* pattern : {"{", "{1", "{1..", "{1..3", "{a..b}", "{1-3}", "{..3}"}) {
    INFO(pattern);
    CHECK_FALSE(matches(pattern, "2"));
    CHECK_FALSE(matches(pattern, pattern));
  }
}

TEST_CASE("a selection is everything, only some, or all but some") {
  const Selection everything;
  CHECK(everything("visual.proj"));
  const Selection some = only("visual.*", "logit_scale");
  CHECK(some("visual.proj"));
  CHECK(some("logit_scale"));
  CHECK_FALSE(some("text_projection"));
  const Selection rest = except("visual.*", "logit_scale");
  CHECK_FALSE(rest("visual.proj"));
  CHECK_FALSE(rest("logit_scale"));
  CHECK(rest("text_projection"));
  CHECK_FALSE(only()("visual.proj"));
  CHECK(except()("visual.proj"));
}

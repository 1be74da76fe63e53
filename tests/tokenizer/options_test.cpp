#include <clip/tokenizer/options.hpp>

#include <doctest/doctest.h>

using namespace clip;

TEST_CASE("every option has a name, and the name gives the option") {
  for (const Cleaning c :
       {Cleaning::openai, Cleaning::open_clip, Cleaning::huggingface, Cleaning::openai_ftfy, Cleaning::canonicalize,
        Cleaning::siglip, Cleaning::siglip2, Cleaning::lower, Cleaning::none})
    CHECK(try_cleaning(name_of(c)).value() == c);
  for (const SpecialStrings s : {SpecialStrings::openai, SpecialStrings::open_clip, SpecialStrings::none})
    CHECK(try_special_strings(name_of(s)).value() == s);
  CHECK(try_cleaning("upper").error().message() ==
        "texts: cleaning: expected openai, open_clip, huggingface, openai+ftfy, canonicalize, siglip, "
        "siglip2, lower or none, found upper");
  CHECK(try_special_strings("").error().kind() == ErrorKind::option);
}

TEST_CASE("text policies compare by value") {
  static_assert(openai_texts == TextPolicy{} && openai_texts != open_clip_texts &&
                open_clip_texts != huggingface_texts);
  static_assert(strings_of(SpecialStrings::none).start.empty() && strings_of(SpecialStrings::none).end.empty());
  CHECK(strings_of(SpecialStrings::open_clip).end == "<end_of_text>");
}

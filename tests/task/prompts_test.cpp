#include <clip/task/prompts.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace clip;

namespace {
std::string error_of(const std::string& text) {
  const auto made = Template::try_make(text);
  return made ? "no error" : made.error().message();
}
}  // namespace

TEST_CASE("a name replaces the braces verbatim") {
  CHECK(Template::try_make("a photo of a {}.").value()("cat") == "a photo of a cat.");
  CHECK(Template::try_make("{} texture.").value()("a {} _b") == "a {} _b texture.");
  CHECK(Template::try_make("{}").value()("") == "");
  CHECK(Template::try_make("a {c}.").value()("cat") == "a cat.");
  CHECK(Template::try_make("a {label}.").value()("cat") == "a cat.");
}

TEST_CASE("a template without exactly one {} is an error that quotes it") {
  CHECK(error_of("a photo") ==
        "template: {}, {c} or {label} once, where the name goes: expected \"a photo of a {}.\", found \"a photo\"");
  CHECK(error_of("{} and {}").ends_with("found \"{} and {}\""));
  CHECK(error_of("{c} and {}").ends_with("found \"{c} and {}\""));
  CHECK(error_of("a {cat}").ends_with("found \"a {cat}\""));
  const std::vector<std::string> list{"a {}", "a { }"};
  CHECK(try_templates(list).error().message().starts_with("template 1: "));
  CHECK(try_templates({}).error().message() == "templates: number of templates: expected 1 or more, found 0");
}

TEST_CASE("a class has one name or several") {
  const ClassNames one{"cat", "dog"}, same{std::vector<std::string>{"cat", "dog"}};
  CHECK(one.size() == 2);
  CHECK(one[1] == std::vector<std::string>{"dog"});
  CHECK(same[1] == one[1]);
  const ClassNames several{std::vector<std::vector<std::string>>{{"happy", "smiling"}, {"sad"}}};
  CHECK(several.size() == 2);
  CHECK(several[0].size() == 2);
  CHECK_THROWS_WITH_AS((ClassNames{std::vector<std::vector<std::string>>{{"happy"}, {}}}),
                       "class 1: number of names: expected 1 or more, found 0", OptionError);
}

TEST_CASE("a class has prompts of its own; a placeholder stands for its label") {
  const ClassPrompts classes{{"tench", "cat"}, {{"a green fish", "a photo of a {}."}, {"{c} {c}"}}};
  CHECK(classes.size() == 2);
  CHECK(classes[0] == std::vector<std::string>{"a green fish", "a photo of a tench."});
  CHECK(classes[1] == std::vector<std::string>{"{c} {c}"});
  CHECK_THROWS_WITH_AS((ClassPrompts{{"a", "b"}, {{"x"}}}), "class prompts: lists of prompts: expected 2, found 1",
                       OptionError);
  CHECK_THROWS_WITH_AS((ClassPrompts{{"a"}, {{}}}), "class 0: number of prompts: expected 1 or more, found 0",
                       OptionError);
}

#include <clip/tokenizer/bpe/merges_file.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using clip::Merge;

namespace {
std::string message(std::string_view file) {
  const auto merges = clip::try_parse_merges(file, "m.txt");
  return merges ? "" : merges.error().message();
}
}  // namespace

TEST_CASE("merges are the lines after the header, up to the requested number") {
  const std::string file = "#version\ni n\r\nt h</w>\nin g\n";
  const std::vector<Merge> all{{"i", "n"}, {"t", "h</w>"}, {"in", "g"}};
  CHECK(clip::try_parse_merges(file, "m.txt").value() == all);
  CHECK(clip::try_parse_merges(file.substr(0, file.size() - 1), "m.txt").value() == all);
  CHECK(clip::try_parse_merges(file, "m.txt", 2).value() == std::vector<Merge>(all.begin(), all.begin() + 2));
  CHECK(clip::try_parse_merges(file, "m.txt", 0).value().empty());
}

TEST_CASE("an empty file and a file with only a header have no merges") {
  for (const char* file : {"", "#version", "#version\n"}) CHECK(clip::try_parse_merges(file, "m.txt").value().empty());
}

TEST_CASE("the header may be missing, and may contain other words") {
  CHECK(clip::try_parse_merges("i n\nt h\n", "m.txt").value() == std::vector<Merge>{{"i", "n"}, {"t", "h"}});
  CHECK(clip::try_parse_merges("#version: 0.2 - Trained by somebody\ni n\n", "m.txt").value() ==
        std::vector<Merge>{{"i", "n"}});
  CHECK(clip::try_parse_merges("\"list.txt#version: 0.2\ni n\n", "m.txt").value() == std::vector<Merge>{{"i", "n"}});
}

TEST_CASE("a line that is not a merge is an error with its number") {
  CHECK(message("h\na b\nab\n") == "m.txt: line 3: expected two symbols and a space between, found \"ab\"");
  CHECK(message("h\n\na b\n") == "m.txt: line 2: expected two symbols and a space between, found \"\"");
  for (const char* line : {"h\n a\n", "h\na \n", "h\na b c\n", "h\na  b\n", "h\n\xFF\xFE\n"})
    CHECK(message(line).starts_with("m.txt: line 2: expected two symbols"));
}

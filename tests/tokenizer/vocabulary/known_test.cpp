#include <clip/io/inflate.hpp>
#include <clip/tokenizer/vocabulary/known.hpp>
#include <clip/tokenizer/vocabulary/vocabulary.hpp>

#include "../../io/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <string>
#include <vector>

using namespace clip;

namespace {
std::string error_of(const std::string& file) {
  const auto merges = try_read_merge_list(file, "v.txt");
  return merges ? "" : merges.error().message();
}
/// 48,894 merges and more, none of them OpenAI's.
std::string long_list(std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += "a b\n";
  return text;
}
}  // namespace

TEST_CASE("a file whose first line says that it is OpenAI's has OpenAI's merges") {
  const std::string first = "\"bpe_simple_vocab_16e6.txt#version: 0.2\n";
  CHECK(error_of(first + "i n\nt h\n") == "v.txt: merges: expected 48894 or more, as its first line promises, found 2");
  CHECK(error_of(first + long_list(48894)).starts_with("v.txt: SHA-256 of the merges: expected d308b737"));
  CHECK(try_read_merge_list(first, "v.txt").error().id() == "clip.load.vocabulary");
}

TEST_CASE("another list is taken whole, however long") {
  CHECK(try_read_merge_list("#version: 0.2\n" + long_list(48894), "v.txt").value().size() == 48894);
  CHECK(try_read_merge_list("#version: 0.2\n" + long_list(48900), "v.txt").value().size() == 48900);
}

TEST_CASE("merges with a space are another family's") {
  const std::vector<Merge> gpt2{{"h", "e"}, {"\u0120", "t"}};
  const auto judged = try_check_family(gpt2, "merges.txt");
  REQUIRE(!judged);
  CHECK(judged.error().id() == "clip.load.vocabulary");
  CHECK(judged.error().message() ==
        "merges.txt: merge 2: expected symbols without a space, as CLIP's pieces have none, found \"\u0120 t\" "
        "(\"\u0120\" is the space): another family's vocabulary");
  CHECK(try_check_family(std::vector<Merge>{{"h", "e</w>"}}, "merges.txt"));
}

TEST_CASE("OpenAI's vocabulary is known, in any layout; cut or changed it is an error" *
          doctest::skip(std::getenv("CLIP_TEST_DATA") == nullptr)) {
  const std::string path = std::string(std::getenv("CLIP_TEST_DATA")) + "/bpe_simple_vocab_16e6.txt.gz";
  const VocabularyIdentity openai = try_open_vocabulary(path).value().identity;
  CHECK(openai.name == "OpenAI's CLIP vocabulary");
  CHECK(openai.size == 49408);
  CHECK(openai.checksum == known_vocabularies.front().checksum);

  const auto bytes = read_file(path);
  const std::string whole{as_text(bytes)};
  std::size_t end = 0;
  for (int line = 0; line < 48895; ++line) end = whole.find('\n', end) + 1;
  const std::string used = whole.substr(whole.find('\n') + 1, end - whole.find('\n') - 1);
  const TemporaryFolder folder;
  put(folder / "merges.txt", "#version: 0.2\n" + used);
  CHECK(try_open_vocabulary(folder.path).value().identity.checksum == openai.checksum);
  put(folder / "merges.txt", whole.substr(whole.find('\n') + 1));  // without its first line
  CHECK(try_open_vocabulary(folder.path).value().identity.size == 49408);

  CHECK(!error_of(whole.substr(0, end / 2)).empty());
  std::string changed = whole;
  changed.replace(changed.find("\nt h\n"), 5, "\nt g\n");
  CHECK(error_of(changed).starts_with("v.txt: SHA-256 of the merges"));
}

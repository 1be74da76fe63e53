#include <clip/tokenizer/wordpiece.hpp>

#include "../io/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <clip/core/rng.hpp>

#include <string>
#include <vector>

using namespace clip;
using Row = std::vector<std::int32_t>;

namespace {

const std::string small = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\ndog\n##s\n##gy\nd\n##o\n##g\n\u00E9\ne\nDog\n!\n";

WordPiece make(const std::string& text, Letters letters = Letters::uncased) {
  return WordPiece::try_parse(text, "v.txt", letters).value();
}
std::string error_of(const std::string& text) {
  const auto pieces = WordPiece::try_parse(text, "v.txt");
  return pieces ? "" : pieces.error().message();
}

}  // namespace

TEST_CASE("a word is split into the longest pieces from the left") {
  const WordPiece pieces = make(small);
  CHECK(pieces.encode("a dog") == Row{5, 6});
  CHECK(pieces.encode("Dogs doggy!") == Row{6, 7, 6, 8, 15});
  CHECK(pieces.encode("do") == Row{9, 10});
  CHECK(pieces.piece(8) == "##gy");
  CHECK_THROWS_AS((void)pieces.piece(16), InputError);
}

TEST_CASE("a word that cannot be split is [UNK] as a whole, and so is a very long one") {
  const WordPiece pieces = make(small);
  CHECK(pieces.encode("dogx dog") == Row{1, 6});
  CHECK(pieces.encode("##s") == Row{1, 1, 1});
  std::string word = "d";
  for (int i = 1; i < 100; ++i) word += 'o';
  CHECK(pieces.encode(word).size() == 100);
  CHECK(pieces.encode(word + 'o') == Row{1});
}

TEST_CASE("names of special pieces become their ids, also inside a word") {
  const WordPiece pieces = make(small);
  CHECK(pieces.encode("a[SEP]dog [MASK]") == Row{5, 3, 6, 4});
  CHECK(pieces.encode("[mask]") == Row{1, 1, 1});
  CHECK(pieces.encode("[[CLS]") == Row{1, 2});
}

TEST_CASE("cased vocabularies keep capitals and accents") {
  CHECK(make(small).encode("Dog \u00C9 \u00E9") == Row{6, 13, 13});
  CHECK(make(small, Letters::cased).encode("Dog dog \u00C9 \u00E9") == Row{14, 6, 1, 12});
}

TEST_CASE("each text begins with [CLS] and ends with [SEP]; one that is too long is truncated or an error") {
  const WordPiece pieces = make(small);
  const Texts rows = pieces({"a dog", "a", ""});
  CHECK(rows.padded() == Row{2, 5, 6, 3, 2, 5, 3, 0, 2, 3, 0, 0});
  CHECK(rows.mask() == Row{1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 0, 0});
  const Texts cut = pieces({"a dog dog", "a"}, {.context = 3, .too_long = TooLong::truncate});
  CHECK(cut.padded() == Row{2, 5, 3, 2, 5, 3});
  CHECK(cut.cut() == 1);
  CHECK_THROWS_WITH_AS(pieces("a dog dog", {.context = 3}), "text 0 (\"a dog dog\"): ids: expected at most 3, found 5",
                       InputError);
  CHECK_THROWS_AS(pieces("a", {.context = 1}), OptionError);
  std::string many;
  for (int i = 0; i < 511; ++i) many += "a ";
  CHECK_THROWS_AS(pieces(many), InputError);
  CHECK(pieces(std::string_view{many}.substr(2)).longest() == 512);
}

TEST_CASE("rows end with another id on request, which then is what [SEP] means") {
  const WordPiece pieces = make(small).with_end(0);
  const Texts rows = pieces({"a dog", "a [SEP] dog"}, {.context = 4, .too_long = TooLong::truncate});
  CHECK(Row(rows[0].begin(), rows[0].end()) == Row{2, 5, 6, 0});
  CHECK(Row(rows[1].begin(), rows[1].end()) == Row{2, 5, 0, 0});
  CHECK_THROWS_AS((void)make(small).with_end(16), InputError);
}

TEST_CASE("any bytes give ids within the vocabulary") {
  const WordPiece pieces = make(small);
  Rng rng{3};
  for (int n = 0; n < 2000; ++n) {
    std::string text;
    for (std::uint64_t length = rng.below(30); length > 0; --length)
      text.push_back(rng.below(3) == 0 ? static_cast<char>(rng.below(256)) : "adogs[]SEP#!"[rng.below(12)]);
    for (const std::int32_t id : pieces.encode(text)) CHECK((id >= 0 && id < pieces.vocabulary_size()));
  }
}

TEST_CASE("a vocabulary opens from a file or from a folder with vocab.txt") {
  const TemporaryFolder folder;
  put(folder / "vocab.txt", "[PAD]\r\n[UNK]\r\n[CLS]\r\n[SEP]\r\na");
  CHECK(WordPiece{folder.path}.encode("a b") == Row{4, 1});
  CHECK(WordPiece{folder / "vocab.txt"}.vocabulary_size() == 5);
  CHECK_THROWS_AS(WordPiece{folder / "none"}, LoadError);
  const TemporaryFolder empty;
  CHECK_THROWS_WITH_AS(WordPiece{empty.path},
                       (empty.path + ": no vocabulary in this folder (looked for vocab.txt)").c_str(), LoadError);
}

TEST_CASE("a file that is not a WordPiece vocabulary is an error that says why") {
  CHECK(error_of("[PAD]\n[CLS]\na\n") == "v.txt: no WordPiece vocabulary: among its 3 lines there is no [SEP], [UNK]");
  CHECK(error_of("[PAD]\n\xFF\n") == "v.txt: line 2: not UTF-8");
  CHECK(error_of("").find("[CLS], [SEP], [UNK], [PAD]") != std::string::npos);
}

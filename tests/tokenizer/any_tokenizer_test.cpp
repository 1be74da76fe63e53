#include <clip/tokenizer/any_tokenizer.hpp>

#include "../io/temporary_folder.hpp"
#include "sentencepiece/piece_files.hpp"

#include <doctest/doctest.h>

#include <string>
#include <variant>
#include <vector>

using namespace clip;
using Row = std::vector<std::int32_t>;

TEST_CASE("a vocabulary is opened as what its content says") {
  const TemporaryFolder folder;
  put(folder / "a", piece_file("unigram.model"));
  put(folder / "b", piece_file("bpe.model"));
  put(folder / "c", piece_file("bpe.tokenizer.json"));
  put(folder / "d", "#version: 0.2\nc a\nca t</w>\n");
  put(folder / "e", piece_file("unigram.tokenizer.json"));
  CHECK(std::holds_alternative<SentencePiece>(AnyTokenizer{folder / "e"}.kind()));
  const AnyTokenizer unigram{folder / "a"}, bpe{folder / "b"}, json{folder / "c"}, clip{folder / "d"};
  CHECK(std::holds_alternative<SentencePiece>(unigram.kind()));
  CHECK(std::holds_alternative<SentencePiece>(json.kind()));
  CHECK(std::holds_alternative<Tokenizer>(clip.kind()));
  CHECK(unigram.cleaning() == Cleaning::canonicalize);
  CHECK(bpe.cleaning() == Cleaning::siglip2);
  CHECK(clip.cleaning() == Cleaning::openai);
  CHECK(AnyTokenizer{folder / "a", Cleaning::none}.cleaning() == Cleaning::none);
  CHECK(unigram.context() == 64);
  CHECK(clip.context() == 77);
  CHECK(unigram("A photo, of a cat!").length(0) == 64);
  CHECK(clip("cat").longest() == 3);
  CHECK(bpe.encode("A Photo") == bpe.encode("a photo"));
  CHECK(json.vocabulary().checksum == bpe.vocabulary().checksum);
  CHECK(clip.row().start == 514);
  CHECK(unigram.row().pad == 1);
}

TEST_CASE("a WordPiece vocabulary is known by its special pieces, and its letters by the configuration beside it") {
  const TemporaryFolder folder;
  put(folder / "vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\ncat\n##s\nCat\n");
  put(folder / "tokenizer.json", "{}");  // vocab.txt comes first
  const AnyTokenizer uncased{folder.path};
  REQUIRE(std::holds_alternative<WordPiece>(uncased.kind()));
  CHECK(uncased.cleaning() == Cleaning::none);
  CHECK(uncased.context() == 512);
  const Texts rows = uncased("A Cats");
  CHECK(rows.length(0) == 5);
  CHECK(uncased.encode("A Cats") == Row{5, 6, 7});
  CHECK(uncased.row().start == 2);
  CHECK(uncased.row().end == 3);
  CHECK(uncased.special_ids() == Row{0, 1, 2, 3});
  CHECK(AnyTokenizer::try_open(folder.path, Cleaning::lower).error().kind() == ErrorKind::option);
  put(folder / "tokenizer_config.json", R"({"do_lower_case": false})");
  const AnyTokenizer cased{folder / "vocab.txt"};
  CHECK(cased.encode("a Cat A") == Row{5, 8, 1});
  const KeptIds kept = KeptIds::try_make(9, {0, 1, 2, 3, 5, 8}).value();
  const AnyTokenizer reduced = cased.reduced(kept);
  CHECK(reduced.encode("a Cat") == Row{4, 5});
  CHECK(reduced.files().size() == 3);
  put(folder / "tokenizer_config.json", R"({"do_lower_case": 1})");
  CHECK(AnyTokenizer::try_open(folder.path).error().id() == "clip.load.vocabulary");
}

TEST_CASE("in a folder a .model comes before what CLIP uses") {
  const TemporaryFolder folder;
  CHECK(AnyTokenizer::try_open(folder.path).error().id() == "clip.load.no_file");
  put(folder / "merges.txt", "#version: 0.2\nc a\nca t</w>\n");
  CHECK(std::holds_alternative<Tokenizer>(AnyTokenizer{folder.path}.kind()));
  put(folder / "tokenizer.json", piece_file("unigram.tokenizer.json"));
  CHECK(AnyTokenizer{folder.path}.vocabulary().place == folder / "tokenizer.json");
  put(folder / "tokenizer.model", piece_file("bpe.model"));
  CHECK(AnyTokenizer{folder.path}.vocabulary().size == 460);
  put(folder / "tokenizer.model", piece_file("bpe.model").substr(0, 300));
  CHECK(AnyTokenizer::try_open(folder.path).error().id() == "clip.load.vocabulary");
}

#include <clip/tokenizer/vocabulary/reduced.hpp>

#include <clip/tokenizer/any_tokenizer.hpp>

#include "../../io/temporary_folder.hpp"
#include "../sentencepiece/piece_files.hpp"
#include "../small_vocabulary.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <vector>

using namespace clip;

namespace {

using Row = std::vector<std::int32_t>;

/// The reduced tokenizer of the ids that a text uses.
AnyTokenizer reduced_to(const AnyTokenizer& whole, const std::string& text) {
  Row ids = whole.special_ids();
  for (const std::int32_t id : whole.encode(text)) ids.push_back(id);
  return whole.reduced(KeptIds::try_make(whole.vocabulary_size(), ids).value());
}

/// The ids of the whole vocabulary for a row of a reduced one.
Row in_whole_ids(const AnyTokenizer& reduced, Ids row) {
  Row ids;
  for (const std::int32_t id : row) ids.push_back(reduced.kept()->ids().at(static_cast<std::size_t>(id)));
  return ids;
}

void put_all(const TemporaryFolder& folder, const AnyTokenizer& tokenizer) {
  for (const auto& [name, content] : tokenizer.files()) put(folder / name, content);
}

struct Case {
  const char *name, *text, *other;
};

}  // namespace

TEST_CASE("a reduced vocabulary gives the pieces of the whole one, and refuses a piece it does not have") {
  const TemporaryFolder folder;
  put(folder / "spiece.model", piece_file("unigram.model"));
  put(folder / "tokenizer.model", piece_file("bpe.model"));
  put(folder / "tokenizer.json", piece_file("bpe.tokenizer.json"));
  put(folder / "merges.txt", small_merges);
  for (const Case& c : {Case{"spiece.model", "a photo of a cat", "zzz"}, Case{"tokenizer.model", "a photo", "the dog"},
                        Case{"tokenizer.json", "a photo", "the dog"}, Case{"merges.txt", "cat a cat", "cab"}}) {
    CAPTURE(std::string(c.name));
    const AnyTokenizer whole{folder / c.name};
    const AnyTokenizer reduced = reduced_to(whole, c.text);
    CHECK(reduced.vocabulary_size() < whole.vocabulary_size());
    CHECK(reduced.vocabulary_size() == reduced.kept()->size());
    CHECK(whole.kept() == nullptr);
    CHECK(reduced.cleaning() == whole.cleaning());
    CHECK(reduced.context() == whole.context());

    const Texts rows = reduced(c.text), expected = whole(c.text);
    CHECK(in_whole_ids(reduced, rows[0]) == Row(expected[0].begin(), expected[0].end()));
    CHECK(in_whole_ids(reduced, reduced.encode(c.text)) == whole.encode(c.text));
    CHECK(rows.vocabulary()->checksum == reduced.vocabulary().checksum);
    CHECK(reduced.vocabulary().checksum != whole.vocabulary().checksum);
    CHECK((rows.eot_id() < 0) == (expected.eot_id() < 0));
    CHECK(in_whole_ids(reduced, reduced.special_ids()) == whole.special_ids());
    for (const auto id : {&RowIds::start, &RowIds::end, &RowIds::pad})
      CHECK((reduced.row().*id < 0 ? -1 : reduced.kept()->ids().at(static_cast<std::size_t>(reduced.row().*id))) ==
            whole.row().*id);

    const auto refused = reduced.try_tokenize(std::vector<std::string>{c.text, c.other});
    REQUIRE(!refused);
    CHECK(refused.error().id() == "clip.input.piece");
    CHECK(refused.error().place() == "text 1 (\"" + std::string(c.other) + "\")");
    CHECK_THROWS_AS(static_cast<void>(reduced.encode(c.other)), InputError);
  }
}

TEST_CASE("the error of a piece that is not kept names it and says how many are") {
  const TemporaryFolder folder;
  put(folder / "merges.txt", small_merges);
  const AnyTokenizer reduced = reduced_to(AnyTokenizer{folder / "merges.txt"}, "a");
  CHECK(
      reduced.try_tokenize(std::vector<std::string>{"a cat"}).error().message() ==
      "text 0 (\"a cat\"): piece of the text: expected one of the 3 that the reduced vocabulary keeps, found \"cat\", "
      "id 513 of the whole one");
}

TEST_CASE("a text that is cut needs the pieces before the cut alone") {
  const TemporaryFolder folder;
  put(folder / "merges.txt", small_merges);
  const AnyTokenizer reduced = reduced_to(AnyTokenizer{folder / "merges.txt"}, "cat");
  const Texts rows = reduced("cat dog", {.context = 3, .too_long = TooLong::truncate});
  CHECK(rows.was_cut(0));
  CHECK(rows.longest() == 3);
}

TEST_CASE("a reduced vocabulary opens from its files, and is reduced again") {
  for (const std::string model : {"unigram.model", "bpe.model"}) {
    CAPTURE(model);
    const std::string end = model == "bpe.model" ? "<eos>" : "</s>";
    const TemporaryFolder from, to, again;
    put(from / "spiece.model", piece_file(model));
    put(from / "tokenizer_config.json", R"({"pad_token": ")" + end + "\"}");
    const AnyTokenizer whole{from.path}, reduced = reduced_to(whole, "a photo of a cat");
    put_all(to, reduced);
    CHECK(to.entries() == 3);
    const AnyTokenizer opened{to.path};
    CHECK(opened.kept()->ids() == reduced.kept()->ids());
    CHECK(opened.vocabulary().checksum == reduced.vocabulary().checksum);
    CHECK(opened.vocabulary().place == to / "reduced_vocabulary.json");
    CHECK(opened.row().pad == reduced.row().pad);
    CHECK(opened("a cat").padded() == reduced("a cat").padded());
    CHECK(!SentencePiece::try_open(to.path));  // no reader takes the copy for the folder's vocabulary

    const AnyTokenizer less = reduced_to(opened, "a cat");
    CHECK(less.vocabulary_size() < opened.vocabulary_size());
    CHECK(in_whole_ids(less, less.encode("a cat")) == whole.encode("a cat"));
    put_all(again, less);
    CHECK(AnyTokenizer{again.path}.kept()->ids() == less.kept()->ids());
    CHECK(AnyTokenizer{again / "reduced_vocabulary.json"}("a cat").padded() == less("a cat").padded());
  }
}

TEST_CASE("special ids and the size of the vocabulary are required") {
  const TemporaryFolder folder;
  put(folder / "merges.txt", small_merges);
  const AnyTokenizer whole{folder / "merges.txt"};
  CHECK(whole.special_ids() == Row{514, 515});
  CHECK(whole.try_reduced(KeptIds::try_make(516, {1, 514}).value()).error().id() == "clip.input.vocabulary");
  CHECK(whole.try_reduced(KeptIds::try_make(517, {1, 514, 515}).value()).error().id() == "clip.input.vocabulary");
}

TEST_CASE("a damaged statement of a reduced vocabulary is an error that names its key") {
  const TemporaryFolder folder;
  put(folder / "merges.txt", small_merges);
  const AnyTokenizer whole{folder / "merges.txt"};
  const std::string good = reduced_to(whole, "cat").files().back().second, sum = whole.vocabulary().checksum;
  put(folder / "whole_merges.txt", small_merges);
  const auto error = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    REQUIRE(text.find(from) != text.npos);
    put(folder / "reduced_vocabulary.json", text.replace(text.find(from), from.size(), to));
    const auto opened = AnyTokenizer::try_open(folder.path);
    REQUIRE(!opened);
    CHECK(opened.error().kind() == ErrorKind::load);
    return opened.error().message();
  };
  CHECK(error("whole_merges.txt", "../merges.txt").find("reduced_vocabulary.tokenizer: ") != std::string::npos);
  CHECK(error("whole_merges.txt", "none.txt").find("none.txt") != std::string::npos);
  CHECK(error("whole_merges.txt", "reduced_vocabulary.json").find("a reduced one") != std::string::npos);
  CHECK(error(sum, std::string(64, '0')).find("516 ids with checksum 0000") != std::string::npos);
  CHECK(error("516", "517").find("517 ids") != std::string::npos);
  CHECK(error("516", "1e300").find("reduced_vocabulary.size: ") != std::string::npos);
  CHECK(error("[513,514,515]", "[514,513,515]").find("ascending order") != std::string::npos);
  CHECK(error("[513,514,515]", "[513,513,514,515]").find("ascending order") != std::string::npos);
  CHECK(error("[513,514,515]", "[513,514,516]").find("less than 516") != std::string::npos);
  CHECK(error("[513,514,515]", "[-1,514,515]").find("less than 516") != std::string::npos);
  CHECK(error("[513,514,515]", "[513,514]").find("special ids") != std::string::npos);
  CHECK(error("[513,514,515]", "[]").find("special ids") == std::string::npos);
  CHECK(error("{\"reduced_vocabulary\":", "{\"reduced_vocabulary\":[").find("reduced_vocabulary.json") !=
        std::string::npos);
}

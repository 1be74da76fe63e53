#include <clip/io/sha256.hpp>
#include <clip/tokenizer/vocabulary/vocabulary.hpp>

#include "../../io/temporary_folder.hpp"
#include "../small_vocabulary.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace clip;

namespace {
std::string error_of(const std::string& path) {
  const auto pairs = try_read_vocabulary(path);
  return pairs ? "" : pairs.error().message();
}
Index symbols_in(const std::string& path) {
  const auto pairs = try_read_vocabulary(path);
  CAPTURE((pairs ? "" : pairs.error().message()));
  REQUIRE(pairs);
  CHECK((*pairs)[512] == "ca");
  CHECK((*pairs)[513] == "cat</w>");
  return pairs->size();
}
}  // namespace

TEST_CASE("a vocabulary is recognised by its content, not its name") {
  const TemporaryFolder folder;
  put(folder / "list", small_merges);
  put(folder / "vocab.json", small_vocab_json().dump());
  put(folder / "merges.txt", small_merges);
  put(folder / "one", "\n  " + small_tokenizer_json().dump(2));
  for (const char* name : {"list", "vocab.json", "merges.txt", "one"}) {
    CAPTURE(name);
    CHECK(symbols_in(folder / name) == 514);
  }
}

TEST_CASE("a folder is searched for every format") {
  for (const std::string name : {"merges.txt", "bpe_simple_vocab_16e6.txt", "tokenizer.json"}) {
    const TemporaryFolder folder;
    put(folder / name, name == "tokenizer.json" ? small_tokenizer_json().dump() : small_merges);
    CHECK(symbols_in(folder.path) == 514);
    CHECK(symbols_in(folder / "") == 514);
  }
}

TEST_CASE("a missing file is named, with the list of names that were tried") {
  const TemporaryFolder folder;
  CHECK(error_of(folder.path) ==
        folder.path +
            ": no vocabulary in this folder (looked for tokenizer.json, vocab.json, bpe_simple_vocab_16e6.txt.gz, "
            "bpe_simple_vocab_16e6.txt, merges.txt)");
  put(folder / "vocab.json", small_vocab_json().dump());
  CHECK(error_of(folder.path).starts_with(folder / "merges.txt"));
  CHECK(error_of(folder / "nothing").starts_with(folder / "nothing"));
}

TEST_CASE("a vocab.json that differs from its merges is an error that names the first id") {
  const TemporaryFolder folder;
  put(folder / "merges.txt", "#version: 0.2\nc a\n");
  put(folder / "vocab.json", small_vocab_json().dump());
  CHECK(error_of(folder.path) == folder / "vocab.json" + ": id of \"<|endoftext|>\": expected 0 to 514, found 515");
  put(folder / "merges.txt", "#version: 0.2\na t</w>\nc at</w>\n");
  CHECK(error_of(folder.path) ==
        folder / "vocab.json" + ": id 512: expected \"at</w>\", which the merges give, found \"ca\"");
  put(folder / "merges.txt", "#version: 0.2\nc a\nc b</w>\n");
  CHECK(error_of(folder.path) ==
        folder / "vocab.json" + ": id 513: expected \"cb</w>\", which the merges give, found \"cat</w>\"");
}

TEST_CASE("damaged files are errors with the file's name") {
  const TemporaryFolder folder;
  put(folder / "a", "{\"model\": ");
  put(folder / "b", "#version\nno\n");
  put(folder / "c", "{}");
  put(folder / "merges.txt", small_merges);
  CHECK(error_of(folder / "a").starts_with(folder / "a" + ": not valid JSON"));
  CHECK(error_of(folder / "b") == folder / "b" + ": line 2: expected two symbols and a space between, found \"no\"");
  CHECK(error_of(folder / "c") == folder / "c" + ": id 0: expected \"!\", which the merges give, found nothing");
}

TEST_CASE("a file without a merge is no vocabulary") {
  const TemporaryFolder folder;
  for (const std::string content : {"", "hello\n", "\n"}) {
    CAPTURE(content);
    put(folder / "v.txt", content);
    CHECK(error_of(folder / "v.txt") ==
          folder / "v.txt" +
              ": vocabulary: expected lines with a merge, two symbols and a space between, "
              "found none in " +
              std::to_string(content.size()) + " bytes");
  }
  put(folder / "v.txt", "#version: 0.2\n");  // what Hugging Face's format has for the vocabulary of single bytes
  CHECK(try_open_vocabulary(folder / "v.txt").value().identity.size == 514);
  put(folder / "v.txt", std::string(1'000'000, '['));
  CHECK(error_of(folder / "v.txt") == folder / "v.txt" + ": line 1: bytes: expected at most 1024, found 1000000");
  put(folder / "v.txt", std::string("\x80\x02}q\x00", 5) + "\na b\n");
  CHECK(error_of(folder / "v.txt") ==
        folder / "v.txt" + ": line 1: expected a header or a merge, as UTF-8, found other bytes");
}

TEST_CASE("a byte order mark stands before either format") {
  const TemporaryFolder folder;
  put(folder / "v.txt", "\xEF\xBB\xBF" + small_merges);
  put(folder / "v.json", "\xEF\xBB\xBF" + small_tokenizer_json().dump());
  CHECK(symbols_in(folder / "v.txt") == 514);
  CHECK(symbols_in(folder / "v.json") == 514);
  put(folder / "v.json", "\xEF\xBB\xBF{\"a\": 0}");
  CHECK(error_of(folder / "v.json").starts_with(folder / "merges.txt" + ": "));
}

TEST_CASE("a merge of symbols that only later merges make is an error") {
  const TemporaryFolder folder;
  put(folder / "v.txt", "#version: 0.2\nca t</w>\nc a\n");
  CHECK(error_of(folder / "v.txt") ==
        folder / "v.txt" + ": merge 1, \"ca t</w>\": a symbol is made by no earlier merge");
  // "abc" has two merges: the earlier one counts.
  put(folder / "v.txt", "a b\nab c\nabc d</w>\nb c\na bc\n");
  CHECK(error_of(folder / "v.txt").empty());
  put(folder / "v.txt", "a b\nabc d</w>\nab c\nb c\na bc\n");
  CHECK(error_of(folder / "v.txt") ==
        folder / "v.txt" + ": merge 2, \"abc d</w>\": a symbol is made by no earlier merge");
}

TEST_CASE("a vocabulary states its file, size, end of text and checksum, the same in every format") {
  const TemporaryFolder folder;
  put(folder / "v.txt", "#version: 0.2\r\nc a\r\nca t</w>\r\n");
  put(folder / "v.json", small_tokenizer_json().dump());
  for (const char* name : {"v.txt", "v.json"}) {
    const VocabularyIdentity v = try_open_vocabulary(folder / name).value().identity;
    CHECK(v.place == folder / name);
    CHECK(v.size == 516);
    CHECK(v.eot == 515);
    CHECK(v.checksum == sha256(as_byte_span("c a\nca t</w>\n")));
    CHECK(v.name.empty());
  }
}

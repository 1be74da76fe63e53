#include <clip/tokenizer/sentencepiece.hpp>

#include "../io/temporary_folder.hpp"
#include "sentencepiece/piece_files.hpp"

#include <doctest/doctest.h>

#include <clip/core/rng.hpp>
#include <clip/io/json.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

using namespace clip;
using Row = std::vector<std::int32_t>;

namespace {

SentencePiece model(const std::string& name, const SentencePieceOptions& options = {}) {
  return SentencePiece::try_parse(piece_file(name), name, options).value();
}
std::string error_of(std::string_view file) {
  const auto pieces = SentencePiece::try_parse(file, "x.model");
  return pieces ? "" : pieces.error().message();
}

/// The ids of a normalised text by the definition of the unigram model: all splits of the whole text, sums in float.
Row by_viterbi(const std::vector<HandPiece>& pieces, std::string_view text) {
  struct Best {
    float sum = 0;
    std::size_t begin = 0;
    std::int32_t id = -2;  // -2: none, -1: unknown
  };
  float least = 0;
  for (const HandPiece& piece : pieces)
    if (piece.kind == 1) least = std::min(least, piece.score);
  std::vector<Best> best(text.size() + 1);
  const auto offer = [&](std::size_t begin, std::size_t end, float score, std::int32_t id) {
    const float sum = score + best[begin].sum;
    if (best[end].id == -2 || sum > best[end].sum) best[end] = {sum, begin, id};
  };
  for (std::size_t begin = 0, next = 0; begin < text.size(); begin = next) {
    for (next = begin + 1; next < text.size() && (static_cast<unsigned char>(text[next]) & 0xC0) == 0x80;) ++next;
    bool alone = false;
    for (std::size_t id = 0; id < pieces.size(); ++id) {
      const HandPiece& piece = pieces[id];
      if ((piece.kind != 1 && piece.kind != 4) || !text.substr(begin).starts_with(piece.text)) continue;
      alone = alone || begin + piece.text.size() == next;
      offer(begin, begin + piece.text.size(), piece.kind == 4 ? -0.1F : piece.score, static_cast<std::int32_t>(id));
    }
    if (!alone) offer(begin, next, least - 10, -1);
  }
  Row ids;
  for (std::size_t end = text.size(); end > 0; end = best[end].begin)
    if (const std::int32_t id = std::max(best[end].id, 0); id > 0 || ids.empty() || ids.back() > 0) ids.push_back(id);
  return {ids.rbegin(), ids.rend()};
}

}  // namespace

TEST_CASE("ids, normalised texts, decodings and rows are those of the package sentencepiece") {
  for (const std::string name : {"unigram", "bpe"}) {
    const Json rows = parse_json(piece_file(name + ".json"), name);
    const Cleaning cleaning = name == "bpe" ? Cleaning::siglip2 : Cleaning::siglip;
    CHECK(rows.size() == 22);
    for (const std::string form : {".model", ".tokenizer.json"}) {
      const SentencePiece pieces = model(name + form), cleans = model(name + form, {.cleaning = cleaning});
      CHECK(pieces.vocabulary_size() == (name == "bpe" ? 460 : 160));
      for (const Json& row : rows) {
        const auto text = row["text"].get<std::string>();
        CAPTURE(name + form);
        CAPTURE(text);
        const Row ids = pieces.encode(text);
        CHECK(ids == row["ids"].get<Row>());
        CHECK(pieces.normalize(text) == row["normal"].get<std::string>());
        CHECK(pieces.decode(ids) == row["decoded"].get<std::string>());
        const Texts texts = cleans(text, {.context = 16, .too_long = TooLong::truncate});
        CHECK(Row(texts[0].begin(), texts[0].end()) == row["row"].get<Row>());
      }
    }
  }
}

TEST_CASE("a .model and a tokenizer.json of the same pieces are the same vocabulary") {
  const SentencePiece a = model("bpe.model"), b = model("bpe.tokenizer.json"), c = model("unigram.model");
  CHECK(a.vocabulary().checksum == b.vocabulary().checksum);
  CHECK(same_vocabulary(a.vocabulary(), b.vocabulary()));
  CHECK(!same_vocabulary(a.vocabulary(), c.vocabulary()));
  CHECK(a.algorithm() == PieceAlgorithm::bpe);
  CHECK(c.algorithm() == PieceAlgorithm::unigram);
  CHECK(a.unknown() == 3);
  CHECK(a.piece(4) == "<mask>");
  CHECK(a.kind(4) == PieceKind::user_defined);
  CHECK(b.kind(4) == PieceKind::user_defined);
  CHECK(b.kind(0) == PieceKind::control);
  CHECK_THROWS_AS((void)a.piece(460), InputError);
  CHECK_THROWS_AS((void)a.decode(Row{-1}), InputError);
}

TEST_CASE("with byte fallback every text without a space before it is decoded from its ids") {
  const SentencePiece pieces = model("bpe.model");
  Rng rng{1};
  const std::vector<std::string> parts{"photo", " ",      "  ",   "dog",     "<mask>", "\u732b", "\U0001F600",
                                       "\n",    "\u00E9", "1998", "e\u0301", "x",      "\u0645"};
  for (int i = 0; i < 300; ++i) {
    std::string text;
    for (auto n = rng.below(12); n > 0; --n) text += parts[rng.below(parts.size())];
    const Row ids = pieces.encode(text);
    for (const std::int32_t id : ids) CHECK((id >= 0 && id < pieces.vocabulary_size()));
    CHECK(pieces.decode(ids) == text);
  }
}

TEST_CASE("random bytes have ids of the vocabulary, each invalid byte as U+FFFD") {
  for (const char* name : {"unigram.model", "bpe.model", "bpe.tokenizer.json"}) {
    const SentencePiece pieces = model(name);
    Rng rng{2};
    for (int i = 0; i < 300; ++i) {
      std::string text;
      for (auto n = rng.below(30); n > 0; --n) text.push_back(static_cast<char>(rng.below(256)));
      for (const std::int32_t id : pieces.encode(text)) CHECK((id >= 0 && id < pieces.vocabulary_size()));
    }
    CHECK(pieces.encode("a\xFF") == pieces.encode("a\uFFFD"));
  }
}

TEST_CASE("a long text is split like its words, whatever its length") {
  const SentencePiece pieces = model("bpe.model");
  std::string text;
  Row expected;
  for (int i = 0; i < 500; ++i) {
    text += i == 0 ? "photographers" : " photographers";
    const Row ids = pieces.encode(i == 0 ? "photographers" : " photographers");
    expected.insert(expected.end(), ids.begin(), ids.end());
  }
  CHECK(pieces.encode(text) == expected);
  CHECK(pieces.encode(std::string(5000, 'x')).size() == 5000);
}

TEST_CASE("the best score is joined first, and of equal ones the leftmost") {
  const auto bpe = [](std::vector<HandPiece> more) {
    std::vector<HandPiece> pieces{{"<unk>", 0, 2}, {"a", -9}, {"b", -9}, {"c", -9}};
    pieces.insert(pieces.end(), more.begin(), more.end());
    const std::string plain = number_field(3, 0) + number_field(4, 0);
    return SentencePiece::try_parse(hand_made(pieces, number_field(3, 2), plain), "x.model").value();
  };
  CHECK(bpe({{"ab", -2}, {"bc", -1}}).encode("abc") == Row{1, 5});
  CHECK(bpe({{"ab", -1}, {"bc", -1}}).encode("abc") == Row{4, 3});
  CHECK(bpe({{"aa", -1}}).encode("aaaaa") == Row{4, 4, 1});
  // A character that is no piece can still be part of one.
  CHECK(bpe({{"xa", -1}}).encode("xaxb") == Row{4, 0, 2});
  // An unused piece is split back into what it was joined from.
  CHECK(bpe({{"ab", -1, 5}, {"abc", -2}}).encode("abc") == Row{5});
  CHECK(bpe({{"ab", -1, 5}, {"abc", -2}}).encode("ab") == Row{1, 2});
  // User-defined pieces are found first, and never joined.
  CHECK(bpe({{"bc", 0, 4}, {"ab", -1}}).encode("abc") == Row{1, 4});
  CHECK(bpe({{"bc", 0, 4}, {"abc", -1}}).encode("abca") == Row{1, 4, 1});
}

TEST_CASE("unigram takes the largest sum; what is unknown is one id per run") {
  const auto unigram = [](std::vector<HandPiece> more, const std::string& trainer = {}) {
    std::vector<HandPiece> pieces{{"<unk>", 0, 2}, {"a", -2}, {"b", -2}, {"ab", -3}};
    pieces.insert(pieces.end(), more.begin(), more.end());
    return SentencePiece::try_parse(hand_made(pieces, trainer, number_field(3, 0)), "x.model").value();
  };
  CHECK(unigram({}).encode("ab") == Row{3});
  CHECK(unigram({{"aba", -1}}).encode("abab") == Row{4, 2});
  CHECK(unigram({}).encode("axyzb") == Row{1, 0, 2});
  CHECK(unigram({{"abx", -1, 5}}).encode("abx") == Row{3, 0});  // unused
  CHECK(unigram({{"ba", 0, 4}}).encode("aba") == Row{1, 4});    // user-defined
  CHECK(unigram({{"a b", 0, 4}}).normalize("a b  b") == "a\u2581b\u2581b");
  const SentencePiece suffix = unigram({}, number_field(24, 1));
  CHECK(suffix.normalize("a b") == "a\u2581b");
}

TEST_CASE("words that were split before have the same ids after any others, in any order") {
  // Ties, near ties, unknown text, long words and several marks are among them.
  const std::vector<HandPiece> pieces{
      {"<unk>", 0, 2}, {"\u2581", -1},     {"a", -2},         {"b", -2},          {"c", -3.5F},         {"ab", -4},
      {"bc", -5.5F},   {"\u2581a", -3},    {"\u2581ab", -5},  {"abc", -7.49999F}, {"\u2581abc", -8.4F}, {"ca", -5.501F},
      {"bb", 0, 4},    {"\u00E9", -2.25F}, {"\u2019", -2.5F}, {"aaaa", -8.0001F}};
  const SentencePiece warm = SentencePiece::try_parse(hand_made(pieces), "x.model").value();
  const std::vector<std::string> parts{"a",      "b", "c",      "ab",   "bc",       "\u00E9",
                                       "\u2019", "x", "\u2581", "aaaa", "cabcabcab"};
  Rng rng{5};
  const auto word = [&] {
    std::string text;
    for (auto n = 1 + rng.below(6); n > 0; --n) text += parts[rng.below(parts.size())];
    return text;
  };
  for (int i = 0; i < 400; ++i) {
    std::string text = word();
    for (auto n = rng.below(i % 40 == 0 ? 900 : 8); n > 0; --n) text += " " + word();
    CAPTURE(text);
    const SentencePiece cold = SentencePiece::try_parse(hand_made(pieces), "x.model").value();
    const Row ids = cold.encode(text);
    CHECK(warm.encode(text) == ids);
    CHECK(warm.encode(text) == ids);
    CHECK(by_viterbi(pieces, warm.normalize(text)) == ids);
  }
}

TEST_CASE("threads share what was split before") {
  const SentencePiece pieces = model("unigram.model");
  std::vector<std::string> texts;
  Rng rng{6};
  for (int i = 0; i < 2000; ++i) {
    std::string text;
    for (auto n = 1 + rng.below(9); n > 0; --n) text += "abdehinoprst "[rng.below(13)];
    texts.push_back(text);
  }
  std::vector<Row> expected;
  const SentencePiece alone = model("unigram.model");
  for (const std::string& text : texts) expected.push_back(alone.encode(text));
  std::vector<std::vector<Row>> found(4);
  std::vector<std::thread> threads;
  for (std::vector<Row>& rows : found)
    threads.emplace_back([&] {
      for (const std::string& text : texts) rows.push_back(pieces.encode(text));
    });
  for (std::thread& thread : threads) thread.join();
  for (const std::vector<Row>& rows : found) CHECK(rows == expected);
}

TEST_CASE("a memo of words gives back what was added, until it is full") {
  for (const std::size_t vocabulary :
       {std::size_t{200}, std::size_t{32000}, std::size_t{250000}, std::size_t{1} << 31}) {
    detail::WordMemo memo{vocabulary};
    Rng rng{vocabulary};
    std::size_t kept = 0, wrong = 0;
    for (std::size_t i = 0; i < 150000; ++i) {
      const std::string text = "\u2581" + std::to_string(i * 0x9E3779B1U);
      detail::WordKey key;
      if (detail::read_word(text + "\u2581x", key) != text.size()) ++wrong;
      Row ids, found{7};
      for (auto n = 1 + rng.below(memo.most_ids()); n > 0; --n)
        ids.push_back(static_cast<std::int32_t>(rng.below(vocabulary)));
      if (i % 2 == 0) memo.add(key, ids);
      if (!memo.find(key, found)) continue;
      ++kept;
      ids.insert(ids.begin(), 7);
      if (found != ids || i % 2 != 0) ++wrong;
    }
    CHECK(wrong == 0);
    CHECK(kept > 40000);
  }
}

TEST_CASE("the key of a word is its bytes up to the next mark") {
  const auto key_of = [](const std::string& text) {
    detail::WordKey key;
    const std::size_t bytes = detail::read_word(text, key);
    return std::pair{bytes, key};
  };
  const std::string mark{"\u2581"}, quote{"\u2019"};
  for (std::size_t n = 0; n < 20; ++n) {
    for (const std::string& before : {std::string{}, mark}) {
      const std::string word = before + std::string(n, 'a');
      if (word.empty()) continue;
      const std::size_t bytes = n == 0 || n > 15 ? 0 : word.size();
      CHECK(key_of(word).first == bytes);
      for (const std::string after : {"", "a", "bcdefghijklmnopqrst"})
        CHECK(key_of(word + mark + after).first == bytes);
      if (bytes > 0) {
        CHECK(key_of(word) == key_of(word + mark + "dog"));
        CHECK(key_of(word) != key_of(word.substr(0, word.size() - 1) + "b"));
        CHECK(key_of(std::string(n, 'a')).second != key_of(mark + std::string(n, 'a')).second);
      }
      if (n <= 12) CHECK(key_of(word + quote + mark).first == word.size() + quote.size());
    }
  }
}

TEST_CASE("rows end and are filled as tokenizer_config.json says") {
  const std::string file = piece_file("unigram.model"), bpe = piece_file("bpe.model");
  const auto row = [&](const std::string& bytes, std::string_view config, RowPadding padding = RowPadding::stated) {
    return SentencePiece::try_parse(bytes, "x.model", {.padding = padding}, config).value().row();
  };
  const auto is = [](const RowIds& r, std::int32_t start, std::int32_t end, std::int32_t pad) {
    return r.start == start && r.end == end && r.pad == pad;
  };
  CHECK(is(row(file, ""), -1, 1, 1));
  CHECK(is(row(file, "", RowPadding::pad), -1, 1, 0));
  CHECK(is(row(bpe, ""), -1, 1, 0));
  CHECK(is(row(bpe, "", RowPadding::end), -1, 1, 1));
  CHECK(is(row(file, R"({"pad_token": "<pad>", "eos_token": "</s>"})"), -1, 1, 0));
  CHECK(is(row(bpe, R"({"add_bos_token": true, "bos_token": {"content": "<bos>"}, "pad_token": "<eos>"})"), 2, 1, 1));
  CHECK(is(row(bpe, R"({"add_eos_token": false})"), -1, -1, 0));
  const auto wrong = SentencePiece::try_parse(bpe, "x.model", {}, R"({"pad_token": "[PAD]"})");
  REQUIRE(!wrong);
  CHECK(wrong.error().message() ==
        "tokenizer_config.json beside x.model: pad_token: expected a piece of the vocabulary, found \"[PAD]\"");

  const SentencePiece pieces = model("bpe.model");
  const Texts texts = pieces({"dog", "a photo of a dog"}, {.context = 8});
  CHECK(texts.length(0) == 8);
  CHECK(texts.length(1) == 8);
  CHECK(texts.pad() == 0);
  CHECK(texts.eot_id() == -1);
  CHECK(texts.vocabulary()->size == 460);
  CHECK_THROWS_AS((void)pieces("photographers photographed photographs", {.context = 4}), InputError);
  CHECK(pieces("dog").length(0) == 64);
}

TEST_CASE("a folder is searched, with tokenizer_config.json beside") {
  const TemporaryFolder folder;
  CHECK(SentencePiece::try_open(folder.path).error().id() == "clip.load.no_file");
  put(folder / "tokenizer.json", piece_file("bpe.tokenizer.json"));
  CHECK(SentencePiece{folder.path}.vocabulary().place == folder / "tokenizer.json");
  put(folder / "tokenizer_config.json", R"({"pad_token": "</s>"})");
  CHECK(SentencePiece::try_open(folder.path).error().id() == "clip.load.vocabulary");
  put(folder / "spiece.model", piece_file("unigram.model"));
  CHECK(SentencePiece{folder.path}.row().pad == 1);
}

TEST_CASE("a file cut at any byte is an error") {
  for (const char* name : {"unigram.model", "bpe.model"}) {
    const std::string file = piece_file(name);
    std::size_t read = 0;
    for (std::size_t n = 0; n < file.size(); ++n) read += SentencePiece::try_parse(file.substr(0, n), name) ? 1 : 0;
    // The last field is that of the denormaliser, which is not needed: two bytes if it is empty.
    CHECK(read <= 1);
    CHECK(SentencePiece::try_parse(file, name));
  }
}

TEST_CASE("damaged and unsupported files are refused, with the place and what was found") {
  const std::vector<HandPiece> good{{"<unk>", 0, 2}, {"a", -1}};
  CHECK(error_of(hand_made(good)).empty());
  CHECK(error_of("") == "x.model: pieces: expected 1 or more, found none in 0 bytes");
  CHECK(error_of("\n\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01") ==
        "x.model: byte 11: bytes of a field: expected at most 0, which are left, found 18446744073709551615");
  CHECK(error_of("\n\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF") ==
        "x.model: byte 1: bytes of a number: expected at most 10, found 11");
  CHECK(error_of("\x0B") == "x.model: byte 0: kind of field 1: expected 0, 1, 2 or 5, found 3");
  CHECK(error_of(hand_made({{"a", -1}})) == "x.model: pieces: expected an unknown piece among them, found none");
  CHECK(error_of(hand_made({{"<unk>", 0, 2}, {"", -1}})) ==
        "x.model: piece 1: text: expected 1 byte or more, found none");
  CHECK(error_of(hand_made({{"<unk>", 0, 2}, {"a\xFF", -1}})) ==
        "x.model: piece 1: text: expected UTF-8, found other bytes");
  CHECK(error_of(hand_made({{"<unk>", 0, 2}, {"a", -1}, {"a", -2}})) ==
        "x.model: piece 2: expected one of its own, found \"a\", which is piece 1");
  CHECK(error_of(hand_made({{"<unk>", 0, 2}, {"a", 0, 7}})) == "x.model: piece 1: kind: expected 1 to 6, found 7");
  CHECK(error_of(hand_made({{"<unk>", 0, 2}, {"<0x41>", 0, 6}})) ==
        "x.model: piece 1: expected no byte piece, as there is no byte fallback, found \"<0x41>\"");
  CHECK(error_of(hand_made({{"<unk>", 0, 2}, {"<0x41>", 0, 6}}, number_field(35, 1))) ==
        "x.model: byte pieces: expected 256, for its byte fallback, found 1");
  CHECK(error_of(hand_made(good, number_field(3, 3))) ==
        "x.model: algorithm: expected 1 (unigram) or 2 (BPE), found 3 (words)");
  CHECK(error_of(hand_made(good, {}, bytes_field(2, "\xFF\xFF\xFF\x7F"))) ==
        "x.model: map of characters: bytes of its trie: expected less than 0, which follow, found 2147483647");
  const std::string file = hand_made(good);  // ends with empty settings of trainer and normaliser, two bytes each
  for (const std::size_t cut : {2, 4})
    CHECK(error_of(file.substr(0, file.size() - cut)).find("none after 2 pieces: the file is cut") !=
          std::string::npos);
}

TEST_CASE("a map of characters cannot lead outside its tables or without end") {
  Rng rng{3};
  for (int i = 0; i < 200; ++i) {
    std::string map(4, '\0');
    const std::size_t units = 1 + rng.below(600);
    clip::store_little(reinterpret_cast<std::byte*>(map.data()), static_cast<std::uint32_t>(4 * units));
    for (std::size_t b = 0; b < 4 * units; ++b) map.push_back(static_cast<char>(rng.below(256)));
    map += "replacement";
    const auto pieces =
        SentencePiece::try_parse(hand_made({{"<unk>", 0, 2}, {"a", -1}}, {}, bytes_field(2, map)), "x.model");
    REQUIRE(pieces);
    std::string text;
    for (int b = 0; b < 100; ++b) text.push_back(static_cast<char>(rng.below(256)));
    for (const std::int32_t id : pieces->encode(text)) CHECK((id == 0 || id == 1));
  }
}

TEST_CASE("an unsupported tokenizer.json is refused by the name of what is not supported") {
  const auto changed = [](const char* key, const char* value) {
    Json json = parse_json(piece_file("bpe.tokenizer.json"), "x");
    json[Json::json_pointer(key)] = parse_json(value, "x");
    return error_of(json_text(json));
  };
  CHECK(changed("/normalizer", R"({"type": "BertNormalizer"})").find("found \"BertNormalizer\"") != std::string::npos);
  CHECK(changed("/pre_tokenizer", R"({"type": "ByteLevel"})").find("found \"ByteLevel\"") != std::string::npos);
  CHECK(changed("/model/type", R"("WordPiece")") ==
        "x.model: model.type: expected \"Unigram\" or \"BPE\", found \"WordPiece\"");
  CHECK(changed("/model/end_of_word_suffix", R"("</w>")").find("model.end_of_word_suffix") != std::string::npos);
  CHECK(changed("/model/dropout", "0.1").find("model.dropout") != std::string::npos);
  CHECK(changed("/model/merges/0", R"(["q", "zz"])").find("merge 1: expected two strings that make a piece") !=
        std::string::npos);
  CHECK(changed("/model/vocab/a", "9999").find("id of \"a\"") != std::string::npos);
  CHECK(changed("/normalizer", R"({"type": "Sequence", "normalizers": [{"type": "Lowercase"},
        {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}]})")
            .empty());
}

TEST_CASE("Lowercase of a tokenizer.json is letter by letter, before pieces are looked for") {
  Json json = parse_json(piece_file("bpe.tokenizer.json"), "x");
  json["normalizer"] = parse_json(R"({"type": "Sequence", "normalizers": [{"type": "Lowercase"},
      {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}]})",
                                  "x");
  const auto lower = SentencePiece::try_parse(json_text(json), "x").value();
  const SentencePiece plain = model("bpe.model");
  CHECK(lower.encode("A Photo OF <MASK>") == plain.encode("a photo of <mask>"));
  CHECK(lower.normalize("\u0130\u03A3") == "i\u0307\u03C3");
}

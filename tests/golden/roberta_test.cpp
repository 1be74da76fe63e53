// RoBERTa's and XLM-R's tokenizers against Hugging Face's; make_roberta.py made the vocabularies and the ids.
#include <clip/tokenizer/any_tokenizer.hpp>
#include <clip/tokenizer/byte_level.hpp>
#include <clip/tokenizer/sentencepiece.hpp>

#include "../io/temporary_folder.hpp"
#include "golden_texts.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <variant>
#include <vector>

using namespace clip;

namespace {
const std::string golden = CLIP_SOURCE_DIR "/tests/golden/";
std::vector<std::int32_t> row_of(const Texts& texts, Index i) { return {texts[i].begin(), texts[i].end()}; }
}  // namespace

TEST_CASE("RoBERTa: texts of every script have the ids of Hugging Face's tokenizer, from both layouts of file") {
  const Json texts = golden_json("roberta/ids.json.gz");
  compare_ids(ByteLevel{golden + "roberta/vocab.json"}, texts, 1, 2000);
  compare_ids(ByteLevel{golden + "roberta/tokenizer.json"}, texts, 1, 2000);
  std::string json = get(golden + "roberta/tokenizer.json");
  const auto at = json.find("\"lstrip\":true");
  REQUIRE(at != json.npos);
  const auto keeps = ByteLevel::try_parse(json.replace(at, 13, "\"lstrip\":false"), "", "x");
  CHECK(keeps->encode("a <mask>").size() == 3);
}

TEST_CASE("RoBERTa: decoding gives the text back, byte for byte") {
  const ByteLevel tokenizer{golden + "roberta"};
  for (const Json& row : golden_json("roberta/ids.json.gz")) {
    const auto text = row[0].get<std::string>();
    if (text.find("<mask>") == text.npos) CHECK(tokenizer.decode(tokenizer.encode(text)) == text);
  }
  CHECK(tokenizer.encode("\xFF") == tokenizer.encode("\xEF\xBF\xBD"));
  CHECK_THROWS_AS(tokenizer.decode(std::vector<std::int32_t>{100000}), InputError);
}

TEST_CASE("RoBERTa: AnyTokenizer opens the folder; rows are <s> … </s>, carry that end, and are not filled") {
  const AnyTokenizer tokenizer{golden + "roberta"};
  REQUIRE(std::holds_alternative<ByteLevel>(tokenizer.kind()));
  CHECK(tokenizer.vocabulary_size() == 1500);
  CHECK(tokenizer.vocabulary().eot == 2);
  CHECK(tokenizer.cleaning() == Cleaning::none);
  const Texts texts = tokenizer({"a dog", ""});
  CHECK(texts.eot_id() == 2);
  CHECK(texts[0].front() == 0);
  CHECK(texts[0].back() == 2);
  CHECK(row_of(texts, 1) == std::vector<std::int32_t>{0, 2});
  const auto mask = tokenizer.encode("a <mask>");
  CHECK(mask.back() == 1499);
  CHECK(tokenizer.encode("a").size() + 1 == mask.size());
}

TEST_CASE("RoBERTa: a reduced vocabulary gives its own ids, also when its folder is opened again") {
  for (const char* const from : {"roberta/vocab.json", "roberta/tokenizer.json"}) {
    const AnyTokenizer whole{golden + from};
    std::vector<std::int32_t> ids = whole.special_ids();
    CHECK(ids == std::vector<std::int32_t>{0, 1, 2, 3, 1499});
    for (const std::int32_t id : whole.encode("a photo of a dog")) ids.push_back(id);
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    const AnyTokenizer reduced = whole.reduced(KeptIds::try_make(whole.vocabulary_size(), ids).value());
    const TemporaryFolder folder;
    for (const auto& [name, text] : reduced.files()) put(folder / name, text);
    const AnyTokenizer again{folder.path};
    const Texts a = reduced({"a dog of a photo"}), b = again({"a dog of a photo"});
    CHECK(row_of(a, 0) == row_of(b, 0));
    CHECK(again.vocabulary_size() == static_cast<Index>(ids.size()));
  }
}

TEST_CASE("RoBERTa: files that are not such a vocabulary are errors that say what is missing") {
  const auto message = [](const std::string& json, const std::string& merges) {
    const auto found = ByteLevel::try_parse(json, merges, "x");
    REQUIRE_FALSE(found);
    CHECK(found.error().id().starts_with("clip.load"));
    return found.error().message();
  };
  CHECK(message("{}", "").find("expected an id of <s>, found none") != std::string::npos);
  const std::string specials = R"("<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3, "<mask>": 4)";
  CHECK(message("{" + specials + "}", "").find(", a byte, found none") != std::string::npos);
  CHECK(message("{" + specials + R"(, "a": 9})", "").find("id 5: expected a string, found nothing") !=
        std::string::npos);
  CHECK(message("{" + specials + R"(, "a": 4})", "").find("id 4: expected one string") != std::string::npos);
  CHECK(message(R"({"model": {"merges": [], "vocab": {}}, "pre_tokenizer": {"type": "ByteLevel",
    "add_prefix_space": true}})",
                "")
            .find("add_prefix_space") != std::string::npos);
  CHECK(message(R"({"model": {"merges": [], "vocab": {}}, "pre_tokenizer": {"type": "Whitespace"}})", "")
            .find("pre_tokenizer.type") != std::string::npos);
  const std::string whole = get(golden + "roberta/vocab.json"), merges = get(golden + "roberta/merges.txt");
  CHECK(message(whole, merges + "zz qq\n").find("a symbol is") != std::string::npos);
}

TEST_CASE("XLM-R: texts of every script have the shifted ids of sentencepiece, as transformers gives them") {
  const SentencePiece tokenizer{golden + "xlmr"};
  compare_ids(tokenizer, golden_json("xlmr/ids.json.gz"), 1, 2000);
  CHECK(tokenizer.unknown() == 3);
  CHECK(tokenizer.piece(1) == "<pad>");
  CHECK(tokenizer.piece(static_cast<std::int32_t>(tokenizer.vocabulary_size()) - 1) == "<mask>");
}

TEST_CASE("XLM-R: AnyTokenizer opens the folder; rows are <s> … </s>, end with id 2, and are not cleaned") {
  const AnyTokenizer tokenizer{golden + "xlmr"};
  CHECK(tokenizer.vocabulary().eot == 2);
  CHECK(tokenizer.cleaning() == Cleaning::none);
  CHECK(tokenizer.context() == 77);
  const Texts texts = tokenizer({"a dog", "a dog in the garden"});
  CHECK(texts.eot_id() == 2);
  for (Index i = 0; i < 2; ++i) {
    CHECK(texts[i].front() == 0);
    CHECK(texts[i].back() == 2);
  }
  CHECK(texts[0].size() < texts[1].size());
  CHECK(tokenizer.encode("A.") != tokenizer.encode("a"));
}

TEST_CASE("XLM-R: the ids are the file's own under another name, and another file under that name is an error") {
  const TemporaryFolder folder;
  put(folder / "other.model", get(golden + "xlmr/sentencepiece.bpe.model"));
  const SentencePiece shifted{golden + "xlmr"}, own{folder / "other.model"};
  CHECK(own.vocabulary_size() + 2 == shifted.vocabulary_size());
  auto ids = own.encode("a photo of a dog");
  for (std::int32_t& id : ids) id = id == 0 ? 3 : id + 1;
  CHECK(ids == shifted.encode("a photo of a dog"));
  put(folder / "sentencepiece.bpe.model", get(CLIP_SOURCE_DIR "/tests/tokenizer/sentencepiece/unigram.model"));
  const auto found = SentencePiece::try_open(folder / "sentencepiece.bpe.model");
  REQUIRE_FALSE(found);
  CHECK(found.error().id() == "clip.load.vocabulary");
  CHECK(found.error().message().find("as in XLM-R's sentencepiece.bpe.model") != std::string::npos);
}

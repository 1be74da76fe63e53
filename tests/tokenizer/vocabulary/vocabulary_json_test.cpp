#include <clip/tokenizer/vocabulary/vocabulary_json.hpp>

#include "../small_vocabulary.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace clip;

namespace {

std::string error_of(const Json& file) {
  const auto pairs = try_read_tokenizer_json(file, "t.json");
  return pairs ? "" : pairs.error().message();
}
/// A vocabulary with one value changed.
std::string error_with(const char* pointer, const Json& value) {
  Json file = small_tokenizer_json();
  file[Json::json_pointer(pointer)] = value;
  return error_of(file);
}
std::string ids_error(const Json& table, const Json& added = Json::array()) {
  const std::vector<Merge> merges{{"c", "a"}, {"ca", "t</w>"}};
  const auto same = try_check_ids(table, added, BytePairs::try_make("m", merges).value(), "v.json");
  return same ? "" : same.error().message();
}

}  // namespace

TEST_CASE("merges may be strings or pairs") {
  CHECK(error_of(small_tokenizer_json()).empty());
  CHECK(error_with("/model/merges", Json::parse(R"([["c", "a"], ["ca", "t</w>"]])")).empty());
  CHECK(error_with("/model/merges/1", "cat") ==
        "t.json: model.merges[1]: expected two symbols, as \"a b\" or [\"a\", \"b\"], found \"cat\"");
  CHECK(error_with("/model/merges/1", {"c", "a", "t"}).ends_with("found an array of 3"));
  CHECK(error_with("/model/merges/1", {1, 2}).ends_with("found an array of 2"));
  CHECK(error_with("/model/merges", "c a") == "t.json: model.merges: expected an array, found \"c a\"");
}

TEST_CASE("tokenizers that are not CLIP's are errors") {
  CHECK(error_with("/model/type", "WordPiece") == "t.json: model.type: expected \"BPE\", found \"WordPiece\"");
  CHECK(error_with("/model/end_of_word_suffix", nullptr) ==
        "t.json: model.end_of_word_suffix: expected \"</w>\", found null");
  CHECK(error_with("/model/continuing_subword_prefix", "##") ==
        "t.json: model.continuing_subword_prefix: expected \"\", found \"##\"");
  CHECK(error_of(Json::array()) == "t.json: model: expected an object, found nothing");
  CHECK(error_with("/model", 1) == "t.json: model: expected an object, found 1");
  CHECK(error_with("/model/vocab", {1, 2}) ==
        "t.json: vocabulary: expected an object: strings and their ids, found an array of 2");
}

TEST_CASE("ids must equal those of the merges; the error names the first that differs") {
  const Json good = small_vocab_json();
  CHECK(ids_error(good).empty());
  const auto changed = [&](const char* name, const Json& id) {
    Json table = good;
    table[name] = id;
    return table;
  };
  const auto without = [&](const char* name) {
    Json table = good;
    table.erase(name);
    return table;
  };
  CHECK(ids_error(without("ca")) == "v.json: id 512: expected \"ca\", which the merges give, found nothing");
  CHECK(ids_error(without("\u0100")) == "v.json: id 188: expected \"\u0100\", which the merges give, found nothing");
  CHECK(ids_error(changed("more", 516U)) == "v.json: id of \"more\": expected 0 to 515, found 516");
  CHECK(ids_error(changed("more", -1)) == "v.json: id of \"more\": expected 0 to 515, found -1");
  CHECK(ids_error(changed("more", "x")) == "v.json: id of \"more\": expected 0 to 515, found \"x\"");
  CHECK(ids_error(changed("zz", 512U)) == "v.json: id 512: expected one string, found \"ca\" and \"zz\"");
  Json swapped = good;
  std::swap(swapped["ca"], swapped["cat</w>"]);
  CHECK(ids_error(swapped) == "v.json: id 512: expected \"ca\", which the merges give, found \"cat</w>\"");
}

TEST_CASE("the special strings may be OpenAI's or open_clip's, in the table or in added_tokens") {
  Json table = small_vocab_json();
  table.erase("<|startoftext|>");
  CHECK(ids_error(table) == "v.json: id 514: expected \"<|startoftext|>\", found nothing");
  CHECK(ids_error(table, {{{"id", 514U}, {"content", "<start_of_text>"}}}).empty());
  CHECK(ids_error(table, {{{"id", 514U}, {"content", "<s>"}}}).ends_with("found \"<s>\""));
  CHECK(ids_error(table, {"x"}) == "v.json: added_tokens: expected objects with content and id, found \"x\"");
}

TEST_CASE("if two merges make the same symbol, the table may list only the last id") {
  const std::vector<Merge> merges{{"a", "b"}, {"ab", "c"}, {"b", "c"}, {"a", "bc"}};  // 513 and 515 are both abc
  Json table = small_vocab_json();
  for (const char* name : {"ca", "cat</w>", "<|startoftext|>", "<|endoftext|>"}) table.erase(name);
  table.update({{"ab", 512U}, {"bc", 514U}, {"abc", 515U}, {"<|startoftext|>", 516U}, {"<|endoftext|>", 517U}});
  const BytePairs pairs = BytePairs::try_make("m", merges).value();
  CHECK(try_check_ids(table, Json::array(), pairs, "v.json"));
  table["abc"] = 513U;
  CHECK(try_check_ids(table, Json::array(), pairs, "v.json").error().message() ==
        "v.json: id 515: expected \"abc\", which the merges give, found nothing");
}

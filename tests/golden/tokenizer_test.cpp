#include <clip/io/bytes.hpp>
#include <clip/tokenizer/clean/clean.hpp>
#include <clip/tokenizer/clean/fix_encoding.hpp>
#include <clip/tokenizer/tokenizer.hpp>

#include "../io/temporary_folder.hpp"
#include "golden_texts.hpp"

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

using namespace clip;

TEST_CASE("random texts of every script have the reference's ids, under each tokenizer's rules") {
  CLIP_TEST_DATA_OR_RETURN(data, "random texts of every script have the reference's ids, under each tokenizer's rules");
  const std::string vocabulary = std::string(data) + "/bpe_simple_vocab_16e6.txt.gz";
  const Json texts = golden_json("texts.json.gz");
  SUBCASE("OpenAI's") { compare_ids(Tokenizer{vocabulary}, texts["openai"], 1, 10000); }
  SUBCASE("open_clip's") { compare_ids(Tokenizer{vocabulary, open_clip_texts}, texts["open_clip"], 1, 20); }
  SUBCASE("Hugging Face's") { compare_ids(Tokenizer{vocabulary, huggingface_texts}, texts["huggingface"], 1, 1500); }
}

TEST_CASE("texts once decoded with the wrong encoding have the reference's ids where the caller repairs them") {
  CLIP_TEST_DATA_OR_RETURN(
      data, "texts once decoded with the wrong encoding have the reference's ids where the caller repairs them");
  const Json rows = golden_json("texts_repaired.json.gz");
  std::map<std::string, std::string> repaired;
  for (const Json& row : rows) repaired[row[0].get<std::string>()] = row[1].get<std::string>();
  const Tokenizer plain{std::string(data) + "/bpe_simple_vocab_16e6.txt.gz"};
  compare_ids(plain.with_repair([&](std::string_view text) { return repaired.at(std::string(text)); }), rows, 2, 600);
  CHECK(plain.encode(rows[0][0].get<std::string>()) != ids_from(rows[0], 2));
}

TEST_CASE("texts once decoded with the wrong encoding have the reference's ids under openai+ftfy") {
  CLIP_TEST_DATA_OR_RETURN(data,
                           "texts once decoded with the wrong encoding have the reference's ids under openai+ftfy");
  const Tokenizer tokenizer{std::string(data) + "/bpe_simple_vocab_16e6.txt.gz", {.cleaning = Cleaning::openai_ftfy}};
  compare_ids(tokenizer, golden_json("texts_repaired.json.gz"), 2, 600);
  compare_ids(tokenizer, golden_json("texts.json.gz")["openai"], 1, 10000);
}

TEST_CASE("wrongly decoded and damaged texts are repaired and cleaned as by ftfy, OpenAI and OpenCLIP") {
  const auto cleaned = [](const std::string& text, Cleaning cleaning) {
    std::string out;
    clean_text(text, cleaning, out);
    return out;
  };
  const Json rows = golden_json("texts_cleaned.json.gz");
  CHECK(rows.size() == 350);
  for (const Json& row : rows) {
    INFO(json_text(row[0]));
    const std::string text = row[0].get<std::string>();
    CHECK(repair_encoding(text) == row[1].get<std::string>());
    CHECK(cleaned(text, Cleaning::openai_ftfy) == row[2].get<std::string>());
    CHECK(cleaned(text, Cleaning::canonicalize) == row[3].get<std::string>());
  }
}

TEST_CASE("every prompt of ImageNet and of 26 more data sets has the reference's ids") {
  CLIP_TEST_DATA_OR_RETURN(data, "every prompt of ImageNet and of 26 more data sets has the reference's ids");
  const Tokenizer tokenizer{std::string(data) + "/bpe_simple_vocab_16e6.txt.gz"};
  const auto file = [&](const std::string& name) {
    return parse_json(as_text(read_file(std::string(data) + '/' + name)), name);
  };
  const auto prompts = [](const Json& classes, const Json& templates) {
    std::vector<std::string> texts;
    const auto add = [&](const std::string& name) {
      for (const Json& t : templates) {
        std::string text = t.get<std::string>();
        for (std::size_t at = 0; (at = text.find("{}", at)) != text.npos; at += name.size()) text.replace(at, 2, name);
        texts.push_back(text);
      }
    };
    for (const Json& one : classes) {
      if (!one.is_array()) add(one.get<std::string>());
      else
        for (const Json& name : one) add(name.get<std::string>());
    }
    return texts;
  };
  std::map<std::string, std::vector<std::string>> sets;
  sets["ImageNet"] = prompts(file("imagenet_classes.json"), file("imagenet_templates.json"));
  const Json others = file("zero_shot_prompts_26_datasets.json");
  for (const auto& [name, parts] : others.items())
    sets[name + " (prompts)"] = prompts(parts["classes"], parts["templates"]);

  const Json expected = golden_json("texts_datasets.json");
  CHECK(expected.size() == 27);
  CHECK(sets.size() == 27);
  for (const auto& item : expected.items()) {
    const std::string& name = item.key();
    const Json& row = item.value();
    CAPTURE(name);
    REQUIRE(sets.contains(name));
    const Texts texts = tokenizer(sets[name]);
    std::uint32_t checksum = 0;
    for (Index i = 0; i < texts.size(); ++i)
      for (const std::int32_t id : texts[i]) {
        std::byte bytes[4];
        store_little(bytes, static_cast<std::uint32_t>(id));
        checksum = crc32(bytes, checksum);
      }
    CHECK(texts.size() == row[0].get<Index>());
    CHECK(texts.tokens() == row[1].get<Index>());
    CHECK(checksum == row[2].get<std::uint32_t>());
  }
}

#include <clip/tokenizer/tokenizer.hpp>

#include <doctest/doctest.h>

#include <clip/core/rng.hpp>
#include <clip/core/stop.hpp>

#include "../io/temporary_folder.hpp"
#include "reference_ids.hpp"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

using clip::Cleaning;
using clip::Index;
using clip::Texts;
using clip::Tokenizer;
using Row = std::vector<std::int32_t>;

namespace {

constexpr Cleaning every_cleaning[] = {Cleaning::openai,      Cleaning::open_clip,    Cleaning::huggingface,
                                       Cleaning::openai_ftfy, Cleaning::canonicalize, Cleaning::lower,
                                       Cleaning::none};

Row row(const Texts& texts, Index i) { return {texts[i].begin(), texts[i].end()}; }

std::optional<Tokenizer> published(const std::string& name, Cleaning cleaning = Cleaning::openai) {
  const char* folder = std::getenv("CLIP_TEST_DATA");
  if (folder == nullptr) {
    MESSAGE("skipped: " << name << ": CLIP_TEST_DATA is not set");
    return std::nullopt;
  }
  return Tokenizer{std::string(folder) + "/bpe_simple_vocab_16e6.txt.gz", {.cleaning = cleaning}};
}

std::string message(const clip::Result<Texts>& texts) { return texts ? "" : texts.error().message(); }

}  // namespace

TEST_CASE("without merges, ids are bytes in OpenAI's order, plus 256 at the end of a word") {
  const Tokenizer tokenizer;
  CHECK(tokenizer.vocabulary_size() == 514);
  CHECK(tokenizer.sot() == 512);
  CHECK(tokenizer.eot() == 513);
  const Texts texts = tokenizer({"a photo of a t-shirt.", "a photo of a ankle boot.", "It's a 28x28 GREY picture!"});
  CHECK(row(texts, 0) == Row{512, 320, 79, 71, 78, 83, 334, 78, 325, 320, 339, 268, 82, 71, 72, 81, 339, 269, 513});
  CHECK(row(texts, 1) ==
        Row{512, 320, 79, 71, 78, 83, 334, 78, 325, 320, 64, 77, 74, 75, 324, 65, 78, 78, 339, 269, 513});
  CHECK(row(texts, 2) == Row{512, 72, 339, 6,  338, 320, 273, 279, 343, 273, 279, 70,
                             81,  68, 344, 79, 72,  66,  83,  84,  81,  324, 256, 513});
  CHECK(texts.eot(0) == 18);
}

TEST_CASE("two string literals are two texts, not one range of characters") {
  const Tokenizer tokenizer;
  CHECK(tokenizer({"a dog", "a cat"}).size() == 2);
  CHECK(tokenizer({"a dog"}).size() == 1);
  CHECK(tokenizer("a dog").size() == 1);
  CHECK(tokenizer({"a dog", "a cat"}, {.context = 8}).size() == 2);
  const std::string dog = "a dog", cat = "a cat";
  CHECK(tokenizer({dog, cat}).size() == 2);
  CHECK(tokenizer(dog).size() == 1);
  CHECK(tokenizer({}).size() == 0);
}

TEST_CASE("every kind of list of texts is accepted") {
  const Tokenizer tokenizer;
  const Row expected = tokenizer({"a dog", "a cat"}).padded(10);
  const std::vector<std::string> strings{"a dog", "a cat"};
  const std::vector<std::string_view> views{"a dog", "a cat"};
  CHECK(tokenizer(strings).padded(10) == expected);
  CHECK(tokenizer(views).padded(10) == expected);
  CHECK(tokenizer(std::span{strings}).padded(10) == expected);
  CHECK(tokenizer(std::span{strings}.subspan(1)).size() == 1);
}

TEST_CASE("a stop ends a batch of texts with an error of its own") {
  const Tokenizer tokenizer;
  clip::request_stop();
  const auto texts = tokenizer.try_tokenize(std::vector<std::string_view>{"a", "b"});
  clip::withdraw_stop();
  REQUIRE_FALSE(texts.has_value());
  CHECK(texts.error().id() == "clip.system.stopped");
}

TEST_CASE("a text that is too long is an error that names it, or is truncated and counted") {
  const Tokenizer tokenizer;
  CHECK(tokenizer({"abc"}, {.context = 5}).cut() == 0);
  CHECK_THROWS_WITH_AS(tokenizer({"x", "abc"}, {.context = 4}), "text 1 (\"abc\"): ids: expected at most 4, found 5",
                       clip::InputError);
  CHECK_THROWS_AS(tokenizer(std::string(76, 'x')), clip::InputError);

  const Texts texts = tokenizer({"x", "abc", "abcdef"}, {.context = 4, .too_long = clip::TooLong::truncate});
  CHECK(texts.cut() == 2);
  CHECK(row(texts, 1) == Row{512, 64, 65, 513});
  CHECK(row(texts, 1) == row(texts, 2));
  CHECK_FALSE(texts.was_cut(0));
  CHECK(row(tokenizer("abc", {.context = 2, .too_long = clip::TooLong::truncate}), 0) == Row{512, 513});
  CHECK_THROWS_WITH_AS(tokenizer("abc", {.context = 1}), "tokenizer: context: expected 2 or more, found 1",
                       clip::OptionError);
}

TEST_CASE("the error shows the beginning of the text on one line and cuts between characters") {
  const Tokenizer tokenizer;
  std::string text = "one\ntwo ";
  for (int i = 0; i < 60; ++i) text += "\u00E9";
  std::string shown = "text 0 (\"one two ";
  for (int i = 0; i < 26; ++i) shown += "\u00E9";
  CHECK(message(tokenizer.try_tokenize(std::vector<std::string_view>{text})) ==
        shown + "…\"): ids: expected at most 77, found 128");
  const std::string odd = "x" + text;  // byte 60 is the second of a character
  CHECK(message(tokenizer.try_tokenize(std::vector<std::string_view>{odd})) ==
        "text 0 (\"x" + shown.substr(9, shown.size() - 11) + "…\"): ids: expected at most 77, found 129");
}

TEST_CASE("decoding returns the cleaned text with a space after every piece") {
  const Tokenizer tokenizer;
  CHECK(tokenizer.decode(tokenizer.encode("A Photo, of\u00E9!")) == "a photo , of\u00E9 ! ");
  const Texts texts = tokenizer("Hi");
  CHECK(tokenizer.decode(texts[0]) == "<|startoftext|>hi <|endoftext|>");
  CHECK(tokenizer.decode(Row{126}) == "\uFFFD");
  CHECK_THROWS_WITH_AS((void)tokenizer.decode(Row{514}), "decode: id: expected 0 to 513, found 514", clip::InputError);
  CHECK_THROWS_AS((void)tokenizer.decode(Row{-1}), clip::InputError);
}

TEST_CASE("a tokenizer can be created from a list of merges") {
  const Tokenizer tokenizer = Tokenizer::from_merges({{"c", "a"}, {"ca", "t</w>"}});
  CHECK(tokenizer.vocabulary_size() == 516);
  CHECK(tokenizer.sot() == 514);
  CHECK(row(tokenizer("Cat ca"), 0) == Row{514, 513, 66, 64 + 256, 515});
  CHECK(tokenizer.decode(tokenizer.encode("cat")) == "cat ");
  CHECK_THROWS_AS(Tokenizer::from_merges({{"c", "xyz"}}), clip::LoadError);
}

TEST_CASE("a special string in a text becomes its id, and the text ends at the first EOT") {
  const Tokenizer tokenizer;
  CHECK(tokenizer.encode("<|startoftext|><|EndOfText|>") == Row{512, 513});
  CHECK(row(tokenizer("a <|endoftext|> b"), 0) == Row{512, 320, 513});
}

TEST_CASE("any bytes give ids within the vocabulary, which decode to valid text") {
  clip::Rng rng{5};
  for (const Cleaning cleaning : every_cleaning) {
    const Tokenizer tokenizer{{.cleaning = cleaning}};
    for (int n = 0; n < 2000; ++n) {
      std::string text;
      for (std::uint64_t length = rng.below(40); length > 0; --length) {
        switch (rng.below(4)) {
          case 0: text.push_back(static_cast<char>(rng.below(256))); break;
          case 1: clip::append_utf8(text, static_cast<char32_t>(rng.below(0xD800))); break;
          case 2: text += std::string_view{"&#x<|';amplt19 "}.substr(rng.below(15), 3); break;
          default: text.push_back(static_cast<char>('a' + rng.below(26)));
        }
      }
      const Row ids = tokenizer.encode(text);
      for (const std::int32_t id : ids) CHECK((id >= 0 && id < tokenizer.vocabulary_size()));
      const std::string back = tokenizer.decode(ids);
      CHECK(clip::valid_utf8(back) == back);
    }
  }
}

TEST_CASE("every invalid UTF-8 byte is read as one U+FFFD and never dropped") {
  for (const Cleaning cleaning : every_cleaning) {
    const Tokenizer tokenizer{{.cleaning = cleaning}};
    CHECK(tokenizer.encode("a\xFF\xE4\xBDz") == tokenizer.encode("a\uFFFD\uFFFD\uFFFDz"));
  }
}

TEST_CASE("the policy decides which strings are special") {
  const Tokenizer open_clip{clip::open_clip_texts}, none{{.specials = clip::SpecialStrings::none}};
  CHECK(open_clip.encode("<start_of_text> <END_OF_TEXT>") == Row{512, 513});
  CHECK(open_clip.decode(Row{512, 513}) == "<start_of_text><end_of_text>");
  CHECK(open_clip.encode("<|endoftext|>") == none.encode("<|endoftext|>"));
  CHECK(none.encode("<start_of_text>").size() == 15);
}

TEST_CASE("the transformers policy finds special strings in the raw text, anywhere") {
  const Tokenizer tokenizer{clip::huggingface_texts}, openai;
  CHECK(tokenizer.encode("!<|endoftext|>x") == Row{256, 513, 87 + 256});
  CHECK(openai.encode("!<|endoftext|>").size() == 3 + 9 + 2);
  for (const std::int32_t id : tokenizer.encode("<|EndOfText|>")) CHECK(id < 512);
}

TEST_CASE("with_repair applies to the tokenizer it returns only") {
  const Tokenizer plain;
  const Tokenizer repairing = plain.with_repair(
      [](std::string_view text) { return text == "sch\u00C3\u00B6n" ? std::string("sch\u00F6n") : std::string(text); });
  CHECK(repairing.encode("sch\u00C3\u00B6n") == plain.encode("sch\u00F6n"));
  CHECK(plain.encode("sch\u00C3\u00B6n") != plain.encode("sch\u00F6n"));
}

TEST_CASE("a missing file and a file without merges are one clear error") {
  CHECK_THROWS_AS(Tokenizer{"no/such/file.txt"}, clip::LoadError);
  const TemporaryFolder folder;
  const std::string path = folder / "list.txt";
  const auto write = [&](std::string_view content) { put(path, std::string(content)); };
  write("#version\nc a\nca t</w>\n");
  const auto good = clip::try_open_tokenizer(path);
  REQUIRE(good);
  CHECK(good->vocabulary_size() == 516);
  write("#version\nc a\nthree words here\n");
  const auto bad = clip::try_open_tokenizer(path);
  REQUIRE_FALSE(bad);
  CHECK(bad.error().message() ==
        path + ": line 3: expected two symbols and a space between, found \"three words here\"");
  write("\x1F\x8B\x08 this is no gzip file");
  CHECK_FALSE(clip::try_open_tokenizer(path));
}

TEST_CASE("the published vocabulary gives the published ids") {
  const auto tokenizer = published("the published vocabulary has the published ids");
  if (!tokenizer) return;
  CHECK(tokenizer->vocabulary_size() == 49408);
  CHECK(tokenizer->sot() == 49406);
  CHECK(tokenizer->eot() == 49407);
  const auto spelled = [&](std::int32_t id) { return tokenizer->decode(Row{id}); };
  CHECK(spelled(0) == "!");
  CHECK(spelled(256) == "! ");
  CHECK(spelled(512) == "in");
  CHECK(spelled(513) == "th");
  CHECK(spelled(514) == "an");
  CHECK(spelled(320) == "a ");
  CHECK(spelled(2368) == "cat ");
  CHECK(spelled(1125) == "photo ");
  CHECK(spelled(49405) == "jekyll ");
  Row matrix(2 * 77, 0);
  std::ranges::copy(Row{49406, 3306, 1002, 256, 49407}, matrix.begin());
  std::ranges::copy(Row{49406, 2368, 49407}, matrix.begin() + 77);
  CHECK((*tokenizer)({"Hello World!", "cat"}).padded(77) == matrix);
}

TEST_CASE("every Hugging Face file gives the published vocabulary") {
  const auto tokenizer = published("the published vocabulary is the same from each of Hugging Face's files");
  if (!tokenizer) return;
  const TemporaryFolder folder;
  const auto list = clip::read_file(std::string(std::getenv("CLIP_TEST_DATA")) + "/bpe_simple_vocab_16e6.txt.gz");
  const auto merges = clip::try_parse_merges(clip::as_text(list), "list").value();
  clip::Json ids, pairs;
  for (int id = 0; id < 512; ++id) {
    std::string name;
    clip::append_utf8(name, clip::symbol_character(id % 256));
    ids[id < 256 ? name : name + "</w>"] = static_cast<unsigned>(id);
  }
  for (const auto& [left, right] : merges) {
    ids[std::string(left) + std::string(right)] = static_cast<unsigned>(ids.size());
    pairs.push_back(std::string(left) + ' ' + std::string(right));
  }
  ids["<|startoftext|>"] = 49406U;
  ids["<|endoftext|>"] = 49407U;
  put(folder / "vocab.json", ids.dump(-1, ' ', true));
  put(folder / "merges.txt", std::string(clip::as_text(list)));  // all 262,144 lines, of which 48,894 are used
  put(folder / "tokenizer.json",
      clip::Json{{"model", {{"type", "BPE"}, {"end_of_word_suffix", "</w>"}, {"vocab", ids}, {"merges", pairs}}}}
          .dump());
  for (const std::string name : {"vocab.json", "merges.txt", "tokenizer.json", ""}) {
    CAPTURE(name);
    const Tokenizer other{folder / name};
    REQUIRE(other.vocabulary_size() == 49408);
    for (std::int32_t id = 0; id < 49408; ++id)
      if (other.decode(Row{id}) != tokenizer->decode(Row{id})) FAIL_CHECK("id " << id);
    for (const ReferenceIds& reference : reference_ids()) CHECK(other.encode(reference.text) == reference.openai);
  }
}

TEST_CASE("ids equal those of the reference tokenizer, quirks included") {
  const auto tokenizer = published("ids are those of the reference tokenizer, quirks included");
  if (!tokenizer) return;
  for (const ReferenceIds& reference : reference_ids()) {
    INFO(reference.text);
    CHECK(tokenizer->encode(reference.text) == reference.openai);
  }
}

TEST_CASE("with Cleaning::lower, ids equal those of tokenizers that only collapse spaces and lower case") {
  const auto tokenizer =
      published("without repair ids are those of tokenizers that only collapse spaces and lower case", Cleaning::lower);
  if (!tokenizer) return;
  for (const ReferenceIds& reference : reference_ids()) {
    INFO(reference.text);
    CHECK(tokenizer->encode(reference.text) == (reference.plain.empty() ? reference.openai : reference.plain));
  }
}

TEST_CASE("Cleaning::none keeps capitals and splits them with regard to case") {
  const Tokenizer tokenizer{{.cleaning = Cleaning::none}};
  CHECK(tokenizer.decode(tokenizer.encode("It's THEY'RE  &amp;")) == "It 's THEY ' RE & amp ; ");
  CHECK(tokenizer.encode("<|endoftext|> <|ENDOFTEXT|>").front() == tokenizer.eot());
  CHECK(tokenizer.encode("<|endoftext|> <|ENDOFTEXT|>").size() > 2);
}

TEST_CASE("long words and long texts give the reference's ids") {
  const auto tokenizer = published("long words and long texts have the reference's ids");
  if (!tokenizer) return;
  Row word(24, 23126);
  word.insert(word.end(), {6727, 19336});
  CHECK(tokenizer->encode(std::string(200, 'a')) == word);

  std::string text;
  for (int i = 0; i < 100; ++i) text += "word ";
  CHECK_THROWS_AS((*tokenizer)(text), clip::InputError);
  Row cut(75, 2653);
  cut.insert(cut.begin(), 49406);
  cut.push_back(49407);
  const Texts texts = (*tokenizer)(text, {.too_long = clip::TooLong::truncate});
  CHECK(row(texts, 0) == cut);
  CHECK(texts.cut() == 1);
}

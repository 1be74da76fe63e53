// A reduced vocabulary in files: converted or saved with its tokenizer, a folder opens as the smaller model.
#include <clip/backend/naive.hpp>
#include <clip/checkpoint/convert_file.hpp>
#include <clip/checkpoint/model_file.hpp>
#include <clip/checkpoint/open.hpp>
#include <clip/model/any_model.hpp>
#include <clip/model/reduce_vocabulary.hpp>

#include "../io/temporary_folder.hpp"
#include "../support/small_models.hpp"
#include "../tokenizer/sentencepiece/piece_files.hpp"
#include "../tokenizer/small_vocabulary.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

using namespace clip;
using namespace clip::testing;

namespace {

using M = AnyModel<Naive<float>>;

const std::vector<std::string> captions{"a cat", "a photo of a cat"};

template <class Model>
std::vector<float> features_of(const Model& model, const AnyTokenizer& tokenizer) {
  const auto features = model.encode_text(tokenizer(captions, {.context = model.text_input().context}));
  return {features.values().begin(), features.values().end()};
}

/// A model, its vocabulary and its weights in a folder.
struct Whole {
  TemporaryFolder folder;
  AnyTokenizer tokenizer;
  M model;

  Whole(AnyTokenizer tokenizer_, const AnyConfig& config) : tokenizer{std::move(tokenizer_)}, model{config, Rng{1}} {
    save(model, folder / "whole.safetensors");
  }
  KeptIds kept() const {
    std::vector<std::int32_t> used;
    for (const std::string& text : captions)
      for (const std::int32_t id : tokenizer.encode(text)) used.push_back(id);
    return kept_ids(model.text_input(), tokenizer, used);
  }
};

AnyTokenizer tokenizer_of(const TemporaryFolder& folder, const char* name, const std::string& content) {
  put(folder / name, content);
  return AnyTokenizer{folder / name};
}

AnyConfig clip_of(const AnyTokenizer& tokenizer) {
  auto c = Tiny;
  c.text.vocabulary = tokenizer.vocabulary_size();
  c.text.context = 24;
  return c;
}
AnyConfig siglip_of(const AnyTokenizer& tokenizer) {
  auto c = OddSiglip;
  c.text.vocabulary = tokenizer.vocabulary_size();
  c.text.pad = tokenizer.row().pad;
  c.text.context = 24;
  return c;
}

void check_converted(const Whole& whole, Dialect dialect) {
  CAPTURE(name_of(dialect));
  const std::string out = whole.folder / std::string(name_of(dialect));
  const KeptIds kept = whole.kept();
  convert_file(whole.folder / "whole.safetensors", out,
               {.dialect = dialect, .kept = kept, .files = whole.tokenizer.reduced(kept).files()});
  const M opened = open<Naive<float>>(out);
  const AnyTokenizer tokenizer{out};
  CHECK(opened.text_input().vocabulary == kept.size());
  CHECK(tokenizer.vocabulary_size() == kept.size());
  const std::vector<float> expected = features_of(whole.model, whole.tokenizer);
  CHECK(features_of(opened, tokenizer) == expected);

  const auto reduced = reduce_vocabulary(whole.model, kept);
  CHECK(opened.config().text == reduced.config().text);
  const std::string saved = out + "_saved";
  save(reduced, saved, {.dialect = dialect, .files = tokenizer.files()});
  CHECK(features_of(open<Naive<float>>(saved), AnyTokenizer{saved}) == expected);

  convert_file(whole.folder / "whole.safetensors", out, {.dialect = dialect});
  CHECK(!std::filesystem::exists(out + "/reduced_vocabulary.json"));  // it is not that of the model there now
}

}  // namespace

TEST_CASE("a reduced vocabulary: converted folders open with the same features") {
  const TemporaryFolder folder;
  SUBCASE("byte pairs") {
    const AnyTokenizer tokenizer = tokenizer_of(folder, "merges.txt", small_merges);
    const Whole whole{tokenizer, clip_of(tokenizer)};
    for (const Dialect dialect : {Dialect::huggingface, Dialect::openclip}) check_converted(whole, dialect);
  }
  SUBCASE("unigram pieces, padded with their end") {
    const AnyTokenizer tokenizer = tokenizer_of(folder, "spiece.model", piece_file("unigram.model"));
    check_converted(Whole{tokenizer, siglip_of(tokenizer)}, Dialect::huggingface);  // OpenCLIP has timm's sizes only
  }
  SUBCASE("merged pieces, padded with id 0") {
    const AnyTokenizer tokenizer = tokenizer_of(folder, "tokenizer.model", piece_file("bpe.model"));
    check_converted(Whole{tokenizer, siglip_of(tokenizer)}, Dialect::huggingface);  // OpenCLIP has timm's sizes only
  }
}

TEST_CASE("a reduced vocabulary: one file has no place for a tokenizer, but for the rows") {
  const TemporaryFolder folder;
  const AnyTokenizer tokenizer = tokenizer_of(folder, "merges.txt", small_merges);
  const Whole whole{tokenizer, clip_of(tokenizer)};
  const KeptIds kept = whole.kept();
  const std::string in = whole.folder / "whole.safetensors", out = whole.folder / "reduced.safetensors";
  const AnyTokenizer reduced = tokenizer.reduced(kept);
  const auto refused = try_convert_file(in, out, {.kept = kept, .files = reduced.files()});
  REQUIRE(!refused);
  CHECK(refused.error().kind() == ErrorKind::option);
  CHECK(!std::filesystem::exists(out));
  convert_file(in, out, {.dtype = Dtype::f64, .kept = kept});
  const M opened = open<Naive<float>>(out);
  CHECK(features_of(opened, reduced) == features_of(whole.model, tokenizer));

  const auto other = try_convert_file(in, out, {.kept = KeptIds::try_make(517, {515, 516}).value()});
  REQUIRE(!other);
  CHECK(other.error().id() == "clip.input.vocabulary");
}

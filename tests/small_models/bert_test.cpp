// Small text towers of the family BERT against transformers: features and each gradient, of fixed sizes and of those of
// the file, under every naming, from folders of transformers and of sentence-transformers. make_bert.py made the numbers.
#include <clip/backend/cpu.hpp>
#include <clip/backend/naive.hpp>
#include <clip/checkpoint/open_encoder.hpp>
#include <clip/model/initialise.hpp>
#include <clip/model/text_encoder.hpp>
#include <clip/tower/bert_text/description.hpp>

#include "../io/temporary_folder.hpp"
#include "trained.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace {

using namespace clip;
using namespace clip::testing;

using Berts = Families<List<VitConfig>, List<TextConfig, BertTextConfig>>;
constexpr Assumptions two_text_heads{.text_heads = 2};

struct SmallBert {
  Index embed_dim;
  BertTextConfig text;
};
inline constexpr SmallBert small_bert{.embed_dim = 16,
                                      .text = {.context = 10,
                                               .vocabulary = 50,
                                               .width = 16,
                                               .layers = 2,
                                               .heads = 2,
                                               .activation = Activation::gelu,
                                               .epsilon = 1e-12f,
                                               .mlp_width = 40}};
inline constexpr SmallBert small_chinese = [] {
  SmallBert c = small_bert;
  c.embed_dim = 12;
  c.text.pooler = false;
  c.text.pooling = TextPooling::first;
  c.text.projection = TextProjection::linear;
  return c;
}();
inline constexpr SmallBert small_distilbert = [] {
  SmallBert c = small_chinese;
  c.text.types = 0;
  c.text.pooling = TextPooling::mean;
  return c;
}();
inline constexpr SmallBert small_roberta = [] {
  SmallBert c = small_bert;
  c.embed_dim = 12;
  c.text.epsilon = 1e-5f;
  c.text.offset = 2;
  c.text.types = c.text.pad = 1;
  c.text.pooler = false;
  c.text.pooling = TextPooling::mean;
  c.text.projection = TextProjection::mlp;
  return c;
}();

std::string bert_path(const std::string& name) {
  return CLIP_SOURCE_DIR "/tests/golden/bert/small_" + name + ".safetensors";
}

Values numbers_of(const FileTensor& tensor) {
  Values values(static_cast<std::size_t>(tensor.count()));
  convert(tensor, std::span<double>(values));
  return values;
}

/// The expected numbers of one case.
class BertCase {
 public:
  BertCase(const std::string& name, const std::string& texts_of, std::int32_t pad)
      : texts{Texts::whole(pad)}, file_{open_tensors(bert_path("expected"))}, name_{name} {
    const FileTensor& ids = *file_.find(texts_of + "/ids");
    const auto n = static_cast<std::size_t>(ids.shape[1]);
    const Values all = numbers_of(ids);
    for (std::size_t i = 0; i < all.size(); i += n) {
      std::vector<std::int32_t> row;
      for (std::size_t j = 0; j < n; ++j) row.push_back(static_cast<std::int32_t>(all[i + j]));
      texts.add(row);  // with its padding, which is no part of the text
    }
    std::vector<FileTensor> named;
    const std::string kind = name + "/grad/";
    for (const FileTensor& t : file_.tensors())
      if (t.name.starts_with(kind)) {
        named.push_back(t);
        named.back().name.erase(0, kind.size());
      }
    const TensorFile renamed = in_openai_names<Berts>(file_.with(std::move(named)));
    for (const FileTensor& t : renamed.tensors()) trained_[t.name] = numbers_of(t);
  }

  Values operator()(const std::string& what) const { return numbers_of(*file_.find(name_ + "/" + what)); }

  template <class M>
  void check(M& model) const {
    CAPTURE(name_);
    check_near("features", as_doubles(model.encode_text(texts)), (*this)("features"));
    using B = std::remove_cvref_t<decltype(model.backend())>;
    Parameters<B> parameters{model};
    Tape<B> tape{parameters};
    const auto features = model.encode_text(tape, texts);
    std::vector<typename B::Scalar> twice;
    for (const double x : values_of(tape.backend(), View<const typename B::Scalar>{features.view}))
      twice.push_back(static_cast<typename B::Scalar>(2 * x));
    tape.backward(features, View<const typename B::Scalar>{twice.data(), features.rows(), features.cols()});
    tape.commit();
    for (const auto& e : parameters.entries()) {
      REQUIRE_MESSAGE(trained_.contains(e.name), e.name);
      Values found(static_cast<std::size_t>(e.gradient.count()));
      if (!e.fresh) found = values_of(tape.backend(), View<const typename B::Scalar>{e.gradient});
      check_near(e.name, found, trained_.at(e.name));
    }
    CHECK(parameters.entries().size() == trained_.size());
  }

  Texts texts;

 private:
  TensorFile file_;
  std::string name_;
  std::map<std::string, Values> trained_;
};

template <const auto& C, class B>
void check_fixed(const BertCase& expected, const std::string& path) {
  TextEncoder<C, B> model;
  load(model, path);
  expected.check(model);
}

void write_text(const std::string& path, const std::string& text) { std::ofstream{path} << text; }

constexpr const char* distilbert_config =
    R"({"model_type": "distilbert", "dim": 16, "n_layers": 2, "n_heads": 2, "hidden_dim": 40, "vocab_size": 50,
        "max_position_embeddings": 10, "activation": "gelu", "pad_token_id": 0})";

/// A folder of sentence-transformers: DistilBERT, the mean of all tokens, a dense layer.
void make_sentence_folder(const std::string& folder, const std::string& function, const std::string& below = "",
                          int most_ids = 8) {
  for (const char* const part : {"/1_Pooling", "/2_Dense"}) std::filesystem::create_directories(folder + part);
  std::filesystem::create_directories(folder + below);
  std::filesystem::copy_file(bert_path("distilbert"), folder + below + "/model.safetensors");
  std::filesystem::copy_file(bert_path("dense"), folder + "/2_Dense/model.safetensors");
  write_text(folder + below + "/config.json", distilbert_config);
  write_text(folder + below + "/sentence_bert_config.json",
             R"({"max_seq_length": )" + std::to_string(most_ids) + R"(, "do_lower_case": false})");
  write_text(folder + "/modules.json", R"([
    {"idx": 0, "name": "0", "path": ")" + (below.empty() ? below : below.substr(1)) +
                                           R"(", "type": "sentence_transformers.models.Transformer"},
    {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
    {"idx": 2, "name": "2", "path": "2_Dense", "type": "sentence_transformers.models.Dense"}])");
  write_text(folder + "/1_Pooling/config.json",
             R"({"word_embedding_dimension": 16, "pooling_mode_cls_token": false, "pooling_mode_mean_tokens": true,
                 "pooling_mode_max_tokens": false})");
  write_text(folder + "/2_Dense/config.json", R"({"in_features": 16, "out_features": 12, "bias": false,
                 "activation_function": "torch.nn.modules.)" +
                                                  function + R"("})");
}

}  // namespace

TEST_CASE_TEMPLATE("reference numbers: small towers of the family BERT, of fixed sizes", B, Cpu<>, Naive<float>) {
  check_fixed<small_bert, B>({"bert", "bert", 0}, bert_path("bert"));
  check_fixed<small_roberta, B>({"roberta", "roberta", 1}, bert_path("roberta"));
}

TEST_CASE_TEMPLATE("reference numbers: small towers of the family BERT, whose sizes are those of the file", B, Cpu<>,
                   Naive<float>) {
  const auto check = [](const std::string& name, const SmallBert& c, const BertCase& expected) {
    CAPTURE(name);
    auto model = open_text_encoder<B, Berts>(bert_path(name), two_text_heads);
    BertTextConfig found = std::get<BertTextConfig>(model.config());
    CHECK(found == c.text);
    CHECK(model.text_input().context == 10);
    expected.check(model);
  };
  check("bert", small_bert, {"bert", "bert", 0});
  check("pretraining", small_bert, {"bert", "bert", 0});
  check("chinese", small_chinese, {"chinese", "bert", 0});
  check("roberta", small_roberta, {"roberta", "roberta", 1});
}

TEST_CASE_TEMPLATE("reference numbers: a small DistilBERT with a dense layer, of a folder and of fixed sizes", B, Cpu<>,
                   Naive<float>) {
  const TemporaryFolder folder;
  make_sentence_folder(folder / "sentence", "linear.Identity", "", 10);
  const BertCase expected{"distilbert", "distilbert", 0};
  auto model = open_text_encoder<B, Berts>(folder / "sentence");
  CHECK(std::get<BertTextConfig>(model.config()) == small_distilbert.text);
  expected.check(model);
  save(model, folder / "whole.safetensors");
  check_fixed<small_distilbert, B>(expected, folder / "whole.safetensors");
}

TEST_CASE("small towers of the family BERT: every naming is written and read back, and the published one is exact") {
  const TemporaryFolder folder;
  for (const std::string name : {"bert", "chinese", "distilbert", "roberta"}) {
    const auto model = open_text_encoder<Naive<float>, Berts>(bert_path(name), two_text_heads);
    const BertCase texts{"bert", "bert", name == "roberta" ? 1 : 0};
    const auto expected = as_doubles(model.encode_text(texts.texts));
    for (const Dialect dialect : {Dialect::openai, Dialect::openclip, Dialect::huggingface}) {
      const std::string path = folder / (name + std::string(name_of(dialect)) + ".safetensors");
      save(model, path, {.dialect = dialect});
      CAPTURE(path);
      CHECK(as_doubles(open_text_encoder<Naive<float>, Berts>(path, two_text_heads).encode_text(texts.texts)) ==
            expected);
    }
    const Dialect own = name == "chinese"   ? Dialect::openai
                        : name == "roberta" ? Dialect::openclip
                                            : Dialect::huggingface;
    const TensorFile written = open_tensors(folder / (name + std::string(name_of(own)) + ".safetensors")),
                     given = open_tensors(bert_path(name));
    CHECK(written.tensors().size() == given.tensors().size());
    for (const FileTensor& t : given.tensors()) {
      REQUIRE_MESSAGE(written.find(t.name) != nullptr, t.name);
      CHECK(written.find(t.name)->shape == t.shape);
      CHECK(numbers_of(*written.find(t.name)) == numbers_of(t));
    }
  }
}

TEST_CASE("a folder of sentence-transformers is a text tower: pooling, dense layer, the most ids of a text") {
  const TemporaryFolder folder;
  const BertCase expected{"distilbert", "distilbert", 0};
  make_sentence_folder(folder / "flat", "linear.Identity");
  make_sentence_folder(folder / "below", "linear.Identity", "/0_Transformer");
  for (const char* const name : {"flat", "below"}) {
    auto model = open_text_encoder<Cpu<>, Berts>(folder / name);
    BertTextConfig c = small_distilbert.text;
    c.context = 8;
    c.positions = 10;
    CHECK(std::get<BertTextConfig>(model.config()) == c);
    Texts short_texts = Texts::whole();  // the first text is longer than this model takes
    for (Index i = 1; i < 3; ++i) short_texts.add(expected.texts[i].first(8));
    const Values all = expected("features"), found = as_doubles(model.encode_text(short_texts));
    check_near("features", found, Values(all.begin() + 12, all.end()));
    const auto refused = model.try_encode_text(expected.texts);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().id() == "clip.input.tokens");
  }
  make_sentence_folder(folder / "tanh", "activation.Tanh");
  const auto model = open_text_encoder<Cpu<>, Berts>(folder / "tanh");
  Texts one = Texts::whole();
  one.add(expected.texts[1].first(4));
  const Values found = as_doubles(model.encode_text(one)), all = expected("features");
  for (std::size_t i = 0; i < 12; ++i) CHECK(found[i] == doctest::Approx(std::tanh(all[12 + i])).epsilon(1e-5));

  make_sentence_folder(folder / "relu", "activation.ReLU");
  const auto refused = try_open_text_encoder<Cpu<>, Berts>(folder / "relu");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message().find("dense.activation_function: expected torch.nn.modules.linear.Identity") !=
        std::string::npos);
  write_text((folder / "flat") + "/1_Pooling/config.json", R"({"pooling_mode_max_tokens": true})");
  const auto maximum = try_open_text_encoder<Cpu<>, Berts>(folder / "flat");
  REQUIRE_FALSE(maximum);
  CHECK(maximum.error().message().find(
            "pooling.pooling_mode: expected cls_token or mean_tokens, found \"max_tokens\"") != std::string::npos);
}

TEST_CASE("a tower of the family BERT: initial weights are N(0.02), biases and the row of padding zero") {
  AnyTextEncoder<Naive<float>, Berts::Texts> model{small_roberta.text, 12};
  initialise(model, Rng{5});
  int found = 0;
  visit_parameters(model, [&](std::string_view name, const auto& p) {
    CAPTURE(name);
    double squares = 0;
    for (Index i = 0; i < p.count(); ++i) squares += static_cast<double>(p.data[i]) * static_cast<double>(p.data[i]);
    const double deviation = std::sqrt(squares / static_cast<double>(p.count()));
    if (name.ends_with("bias")) CHECK(deviation == 0);
    else if (name.find("ln_") != name.npos) CHECK(deviation == 1);
    else if (!name.starts_with("projection")) CHECK(deviation == doctest::Approx(0.02).epsilon(0.25));
    if (name == "word_embedding.weight") {
      for (Index j = 0; j < 16; ++j) CHECK(p.data[16 + j] == 0);  // id 1
      CHECK(p.data[0] != 0);
      ++found;
    }
  });
  CHECK(found == 1);
}

#include <clip/families.hpp>
#include <clip/tower/bert_text/description.hpp>

#include <clip/backend/cpu.hpp>
#include <clip/checkpoint/infer_encoder.hpp>
#include <clip/model/any_encoder.hpp>
#include <clip/model/config_json.hpp>
#include <clip/model/flops.hpp>
#include <clip/model/initialise.hpp>
#include <clip/model/openclip_json.hpp>
#include <clip/model/text_encoder.hpp>
#include <clip/names/shape_reader.hpp>
#include <clip/tower/clip_vit/openai.hpp>

#include "../../support/published_names.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

using namespace clip;
using namespace clip::testing;

namespace {

using Berts = Families<List<VitConfig>, List<TextConfig, BertTextConfig>>;

template <BertTextConfig C, Index Embed>
constexpr Index parameters = count_parameters(TowerOf<C, Embed, Cpu<float>, Residual>{});
static_assert(parameters<bert::base_uncased, 768> == 109'482'240);
static_assert(parameters<bert::distilbert_base_uncased, 768> == 66'362'880);
static_assert(parameters<bert::roberta_base, 768> == 124'645'632);
static_assert(parameters<bert::xlm_roberta_base, 768> == 278'043'648);
static_assert(parameters<sentence_transformers::all_MiniLM_L6_v2, 384> == 22'713'216);
static_assert(parameters<sentence_transformers::clip_ViT_B_32_multilingual_v1, 512> ==
              66'362'880 + (119'547 - 30'522) * 768 + 768 * 512);

Shapes written_alone(const BertTextConfig& c, Index embed_dim, Dialect dialect) {
  std::vector<TensorToWrite> tensors;
  add_tensors(tensors, "", c, embed_dim);
  return in_dialect(std::move(tensors), dialect);
}

AnyConfigOf<Berts> beside_an_image_tower(const BertTextConfig& c, Index embed_dim) {
  return AnyConfigOf<Berts>{embed_dim,
                            VitConfig{.image_size = 8,
                                      .patch_size = 4,
                                      .width = 8,
                                      .layers = 1,
                                      .heads = 1,
                                      .activation = Activation::gelu,
                                      .epsilon = 1e-5f},
                            c};
}

struct OneTower {
  Index embed_dim;
  BertTextConfig text;
};
inline constexpr OneTower odd_bert{.embed_dim = 13,
                                   .text = {.context = 17,
                                            .vocabulary = 31,
                                            .width = 20,
                                            .layers = 2,
                                            .heads = 5,
                                            .activation = Activation::gelu,
                                            .epsilon = 1e-12f,
                                            .pooling = TextPooling::first,
                                            .projection = TextProjection::linear}};
inline constexpr OneTower odd_mean = [] {
  OneTower c = odd_bert;
  c.text.pooling = TextPooling::mean;
  c.text.projection = TextProjection::mlp;
  return c;
}();

/// Texts of 1 to 17 ids; the first two are as long as each other.
Texts some_texts(Index count) {
  Texts texts = Texts::whole();
  Rng rng{17};
  for (Index i = 0; i < count; ++i) {
    std::vector<std::int32_t> ids{1};
    const auto more = i < 2 ? 4u : static_cast<unsigned>(rng.below(17));
    while (ids.size() <= more && ids.size() < 17) ids.push_back(static_cast<std::int32_t>(2 + rng.below(29)));
    texts.add(ids);
  }
  return texts;
}
Texts only(const Texts& texts, Index i) {
  Texts one = Texts::whole();
  one.append(texts, i);
  return one;
}

template <const auto& C>
void check_bits() {
  using Encoder = TextEncoder<C, Cpu<>>;
  const Texts texts = some_texts(21);
  Encoder one{Cpu<>{{.threads = 1}}}, three{Cpu<>{{.threads = 3}}};
  initialise(one, Rng{1});
  initialise(three, Rng{1});
  three.pack();
  AnyTextEncoder<Cpu<>, Berts::Texts> of_any_size{C.text, C.embed_dim};
  initialise(of_any_size, Rng{1});
  const auto together = one.encode_text(texts), packed = three.encode_text(texts),
             dynamic = of_any_size.encode_text(texts);
  for (Index i = 0; i < texts.size(); ++i) {
    CAPTURE(i);
    const auto alone = one.encode_text(only(texts, i));
    CHECK(std::ranges::equal(alone[0], together[i]));
    CHECK(std::ranges::equal(packed[i], together[i]));
    CHECK(std::ranges::equal(dynamic[i], together[i]));
  }
  CHECK_FALSE(std::ranges::equal(together[0], together[1]));
}

}  // namespace

TEST_CASE("BERT and DistilBERT: names and shapes are those of transformers, written and read") {
  CHECK(written_alone(bert::base_uncased, 768, Dialect::huggingface) ==
        published("bert_text/names_bert-base-transformers"));
  CHECK(written_alone(bert::distilbert_base_uncased, 768, Dialect::huggingface) ==
        published("bert_text/names_distilbert-base-transformers"));
  Shapes pretraining = published("bert_text/names_bert-base-pretraining");
  std::erase_if(pretraining, [](const auto& tensor) { return tensor.first.starts_with("cls."); });
  CHECK(written_alone(bert::base_uncased, 768, Dialect::openai) == pretraining);

  const auto inferred = [](const std::string& list) {
    const TensorFile file = in_openai_names<Berts>(without_values(published("bert_text/" + list)));
    ShapeReader shape{file};
    CHECK(unknown_names<Berts>(file).empty());
    REQUIRE(Description<BertTextConfig>::recognises(shape));
    const BertTextConfig c = Description<BertTextConfig>::infer(shape, {}, {});
    CHECK(shape.problems().empty());
    return c;
  };
  CHECK(inferred("names_bert-base-transformers") == bert::base_uncased);
  CHECK(inferred("names_bert-base-pretraining") == bert::base_uncased);
  CHECK(inferred("names_distilbert-base-transformers") == bert::distilbert_base_uncased);
}

TEST_CASE("a BERT beside an image tower has Chinese-CLIP's names, and other models keep theirs") {
  BertTextConfig c = odd_bert.text;
  c.pooler = false;
  const ClipConfig<VitConfig, BertTextConfig> pair{13, std::get<VitConfig>(beside_an_image_tower(c, 13).image), c};
  const Shapes huggingface = written(pair, Dialect::huggingface), original = written(pair, Dialect::openai);
  CHECK(huggingface.contains("text_model.encoder.layer.1.attention.self.key.bias"));
  CHECK(huggingface.contains("vision_model.encoder.layers.0.self_attn.k_proj.bias"));
  CHECK(huggingface.at("text_projection.weight") == std::vector<Index>{13, 20});
  CHECK(original.contains("bert.encoder.layer.1.output.LayerNorm.weight"));
  CHECK(original.contains("visual.transformer.resblocks.0.ln_1.weight"));
  CHECK(original.at("text_projection") == std::vector<Index>{20, 13});
  for (const auto& [dialect, name] :
       {std::pair{Dialect::openai, "transformer.resblocks.0.ln_1.weight"},
        std::pair{Dialect::openclip, "transformer.resblocks.0.ln_1.weight"},
        std::pair{Dialect::huggingface, "text_model.encoder.layers.0.layer_norm1.weight"}})
    CHECK(written(ViT_B_32, dialect).contains(name));
}

TEST_CASE("towers of the family BERT: JSON of the library and of OpenCLIP, both ways") {
  std::vector<OneTower> all;
  for (const auto& known : Description<BertTextConfig>::published_texts) all.push_back({known.embed_dim, known.config});
  all.push_back(odd_bert);
  all.push_back(odd_mean);
  BertTextConfig tanh = bert::xlm_roberta_large;
  tanh.projection = TextProjection::affine;
  tanh.projection_tanh = true;
  all.push_back({7, tanh});
  for (const auto& [embed_dim, c] : all) {
    const auto config = beside_an_image_tower(c, embed_dim);
    CHECK(try_parse_config<Berts>(config_text(config), "here").value() == config);
  }
  const auto from_openclip = [](const std::string& text_cfg) {
    return try_parse_config<Berts>(
        R"({"embed_dim": 512, "vision_cfg": {"image_size": 224, "layers": 12, "width": 768, "patch_size": 16},
            "text_cfg": )" +
            text_cfg + "}",
        "here");
  };
  const auto biomed = from_openclip(
      R"({"hf_model_name": "microsoft/BiomedNLP-BiomedBERT-base-uncased-abstract", "hf_proj_type": "mlp",
          "hf_tokenizer_name": "microsoft/BiomedNLP-BiomedBERT-base-uncased-abstract",
          "hf_pooler_type": "cls_last_hidden_state_pooler", "context_length": 256})");
  REQUIRE(biomed);
  BertTextConfig expected = bert::base_uncased;
  expected.context = 256;
  expected.positions = 512;
  expected.pooler = false;
  expected.pooling = TextPooling::first;
  expected.projection = TextProjection::mlp;
  CHECK(std::get<BertTextConfig>(biomed->text) == expected);
  const auto written_back = Description<BertTextConfig>::try_write_openclip(expected, "there");
  REQUIRE(written_back);
  CHECK(std::get<BertTextConfig>(from_openclip(json_text(*written_back))->text) == expected);
  const auto roberta = from_openclip(R"({"hf_model_name": "roberta-base", "hf_proj_type": "linear"})");
  REQUIRE(roberta);
  CHECK(std::get<BertTextConfig>(roberta->text).pooling == TextPooling::mean);
  CHECK(std::get<BertTextConfig>(roberta->text).offset == 2);
  const auto unknown = from_openclip(R"({"hf_model_name": "google/mt5-base"})");
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().message().find("found \"google/mt5-base\"") != std::string::npos);
  CHECK_FALSE(Description<BertTextConfig>::try_write_openclip(odd_bert.text, "there"));
}

TEST_CASE("an impossible tower of the family BERT says why") {
  BertTextConfig c = bert::distilbert_base_uncased;
  CHECK(problem(c) == nullptr);
  CHECK(std::string(problem(c, 512)).find("embed_dim must be the width") != std::string::npos);
  c.pooling = TextPooling::pooler;
  CHECK(std::string(problem(c)) == "BertTextConfig: pooling by the pooler needs a pooler");
  c = bert::roberta_base;
  c.positions = 513;
  CHECK(std::string(problem(c)).find("at least the offset and the context") != std::string::npos);
}

TEST_CASE("BERT-base takes 2 FLOPs per weight of its blocks and token, and those of attention") {
  BertTextConfig c = bert::base_uncased;
  c.context = 16;
  c.positions = 512;
  const double blocks = 12 * (12.0 * 768 * 768 * 2 * 16 + 4.0 * 16 * 16 * 768);
  CHECK(Description<BertTextConfig>::count_flops(c, 768) == blocks + 2.0 * 768 * 768);
}

TEST_CASE(
    "towers of the family BERT: texts have the same bits alone and in a batch, with any number of threads, packed "
    "or not, of sizes in the type or not") {
  check_bits<odd_bert>();
  check_bits<odd_mean>();
}

TEST_CASE("a tower of the family BERT: weights in bfloat16 and int8 give the features up to their rounding") {
  const Texts texts = some_texts(9);
  TextEncoder<odd_mean, Cpu<>> full;
  initialise(full, Rng{1});
  const auto expected = full.encode_text(texts);
  for (const auto& [storage, least] : {std::pair{Storage::bfloat16, 0.999}, {Storage::int8, 0.99}}) {
    TextEncoder<odd_mean, Cpu<>> packed;
    initialise(packed, Rng{1});
    packed.pack(storage);
    const auto found = packed.encode_text(texts);
    CHECK_FALSE(std::ranges::equal(found.values(), expected.values()));
    for (Index i = 0; i < texts.size(); ++i) {
      double xy = 0, xx = 0, yy = 0;
      for (std::size_t k = 0; k < 13; ++k) {
        const double x = found[i][k], y = expected[i][k];
        xy += x * y;
        xx += x * x;
        yy += y * y;
      }
      CHECK(xy / std::sqrt(xx * yy) > least);
    }
  }
}

TEST_CASE("a tower of the family BERT: a learned vector stands in the row of a token, and padding changes nothing") {
  TextEncoder<odd_bert, Cpu<>> model;
  initialise(model, Rng{3});
  Parameter<float> vectors{{1, 20}, Init::zeros()};
  vectors.data = model.tower.word_embedding.data + 5 * 20;
  Texts texts = Texts::whole(), spelled = Texts::whole();
  texts.add(std::vector<std::int32_t>{1, learned_id(0), 7});
  spelled.add(std::vector<std::int32_t>{1, 5, 7});
  spelled.add(std::vector<std::int32_t>{1, 5, 7, 0, 0});
  Inference<Cpu<>> cx;
  const auto found = model.encode_prompts(cx, texts, vectors);
  const auto expected = model.encode_text(spelled);
  for (Index j = 0; j < 13; ++j) CHECK(found.view(0, j) == doctest::Approx(expected[0][static_cast<std::size_t>(j)]));
  CHECK(std::ranges::equal(expected[0], expected[1]));
}

#include <clip/checkpoint/huggingface_config.hpp>
#include <clip/checkpoint/infer.hpp>

#include "stored_clip.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace clip;
using namespace clip::testing;

namespace {
detail::ModelStatement read(const std::string& text) {
  const Json json = parse_json(text, "c.json");
  detail::DescriptionReader reader{"c.json"};
  auto model = detail::read_huggingface_towers(reader, json);
  reader.finish().value();
  return model;
}
std::string refused(const std::string& text) {
  const Json json = parse_json(text, "c.json");
  detail::DescriptionReader reader{"c.json"};
  static_cast<void>(detail::read_huggingface_towers(reader, json));
  const auto done = reader.finish();
  REQUIRE(!done);
  return done.error().message();
}
}  // namespace

TEST_CASE("config.json: keys left out are the defaults of transformers' classes") {
  const auto model = read(R"({"model_type": "clip"})");
  CHECK((model.image.width == 768 && model.image.layers == 12 && model.image.heads == 12 && model.image_size == 224));
  CHECK((model.text.width == 512 && model.text.layers == 12 && model.text.heads == 8));
  CHECK((model.context == 77 && model.vocabulary == 49408 && model.embed_dim == 512));
  for (const auto& tower : {model.image, model.text}) {
    CHECK(tower.activation == Activation::quick_gelu);
    CHECK(tower.epsilon == 1e-5f);
  }
  CHECK(read(R"({"vision_config": {"num_attention_heads": 16}})").image.heads == 16);
}

TEST_CASE("config.json: vision_config_dict and text_config_dict win, with their defaults") {
  const auto model = read(R"({"vision_config": {"hidden_act": "gelu", "num_attention_heads": 4, "image_size": 8},
      "vision_config_dict": {"hidden_act": "gelu_new"}, "text_config": {"hidden_act": "gelu"}, "text_config_dict": null})");
  CHECK(model.image.activation == Activation::gelu_tanh);
  CHECK(model.image.heads == 12);
  CHECK(model.image_size == 224);
  CHECK(model.text.activation == Activation::gelu);
  CHECK(read(R"({"text_config_dict": {"hidden_act": "gelu"}})").text.activation == Activation::gelu);
}

TEST_CASE("config.json: a tower of another class has none of these defaults") {
  const auto model = read(R"({"model_type": "clip", "vision_config": {"model_type": "flat", "hidden_size": 5}})");
  CHECK((model.image.width == 5 && model.image.layers == 0 && model.image.heads == 0 && model.image_size == 0));
  CHECK((!model.image.activation && !model.image.epsilon));
  CHECK(model.text.heads == 8);
  CHECK(read(R"({"text_config": {"model_type": "clip_text_model"}})").context == 77);
}

TEST_CASE("config.json: the configuration of a tower alone states that tower") {
  const auto image = read(R"({"model_type": "clip_vision_model", "hidden_act": "gelu", "hidden_size": 1024,
      "num_attention_heads": 16, "image_size": 336, "projection_dim": 768})");
  CHECK((image.image.width == 1024 && image.image.heads == 16 && image.image.layers == 12 && image.image_size == 336));
  CHECK(image.image.activation == Activation::gelu);
  CHECK((image.text.width == 0 && !image.text.activation && image.context == 0 && image.embed_dim == 0));
  const auto text = read(R"({"model_type": "clip_text_model", "vocab_size": 100})");
  CHECK((text.text.width == 512 && text.text.heads == 8 && text.context == 77 && text.vocabulary == 100));
  CHECK((text.image.width == 0 && !text.image.activation && text.image_size == 0));
  CHECK(refused(R"({"model_type": "clip_vision_model", "hidden_act": "tanh"})").find("hidden_act") !=
        std::string::npos);
}

TEST_CASE("config.json: BERT and its relatives state a text tower; keys left out have the defaults of their classes") {
  const auto bert =
      read(R"({"model_type": "bert", "num_hidden_layers": 6, "hidden_size": 384, "vocab_size": 100})").text;
  CHECK((bert.width == 384 && bert.layers == 6 && bert.heads == 12 && bert.pad == 0 && bert.offset == 0));
  CHECK((bert.activation == Activation::gelu && bert.epsilon == 1e-12f && !bert.pooling));
  const auto distilbert = read(R"({"model_type": "distilbert", "dim": 64, "n_heads": 4, "n_layers": 3})").text;
  CHECK((distilbert.width == 64 && distilbert.layers == 3 && distilbert.heads == 4));
  const auto roberta = read(R"({"model_type": "xlm-roberta", "pad_token_id": 1, "layer_norm_eps": 1e-5})");
  CHECK((roberta.text.pad == 1 && roberta.text.offset == 2 && roberta.text.epsilon == 1e-5f));
  CHECK(refused(R"({"model_type": "bert", "position_embedding_type": "relative_key"})") ==
        "c.json: position_embedding_type: expected absolute, found \"relative_key\"");
}

TEST_CASE("config.json: another kind of model, or of file, is refused") {
  const std::string expected =
      "c.json: model_type: expected clip, clip_vision_model or clip_text_model (transformers' CLIP), siglip, "
      "siglip_vision_model or siglip_text_model, metaclip_2, metaclip_2_vision_model or metaclip_2_text_model, "
      "chinese_clip, a text tower (bert, distilbert, roberta, xlm-roberta), or OpenCLIP's model_cfg, ";
  CHECK(refused(R"({"model_type": "t5", "vision_config": {}})") == expected + "found \"t5\"");
  CHECK(refused(R"({"model_type": "siglip2", "vision_config": {}})") ==
        expected.substr(0, expected.size() - 2) +
            "; SigLIP 2 of flexible resolution is not built here, found \"siglip2\"");
  CHECK(refused("{}") == expected + "found null");
  CHECK(refused("[]") == expected + "found null");
  CHECK(refused(R"({"vision_config": 1})") == "c.json: vision_config: expected an object, found 1");
  CHECK(refused(R"({"text_config_dict": {"hidden_size": 0}})") ==
        "c.json: text_config_dict.hidden_size: expected a positive integer, found 0");
}

TEST_CASE("config.json: every size is compared with the shapes") {
  for (const auto& [from, to, message] :
       {std::array<const char*, 3>{"\"projection_dim\": 8", "\"projection_dim\": 9",
                                   "embedding: 8 by its shapes, 9 by "},
        {"\"max_position_embeddings\": 5", "\"bos_token_id\": 0", "context: 5 by its shapes, 77 by "},
        {"\"vocab_size\": 12", "\"vocab_size\": 13", "vocabulary: 12 by its shapes, 13 by "}}) {
    const TemporaryFolder temporary;
    const std::string folder = copy_folder(temporary);
    replace_in(folder + "/config.json", from, to);
    CHECK(try_inspect(folder).error().message() == folder + ": " + message + folder + "/config.json");
  }
}

// Pairs with a BERT: the numbers of their weights, checked at compile time, their names and shapes in every naming, and
// the descriptions that state them.
#include <clip/checkpoint/find_model.hpp>
#include <clip/checkpoint/infer.hpp>
#include <clip/model/catalogue.hpp>
#include <clip/model/config_json.hpp>
#include <clip/model/openclip_json.hpp>
#include <clip/tower/bert_text/description.hpp>
#include <clip/tower/torchvision_resnet/description.hpp>

#include "../../support/published_names.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <variant>

using namespace clip;
using namespace clip::testing;

namespace {

template <auto C>
constexpr Index weights(Index embed_dim) {
  return count_parameters(TowerOf<C, dyn, Cpu<float>, Residual>{C, embed_dim});
}
// With logit_scale the numbers of transformers' ChineseCLIPModel, of OpenCLIP's CustomTextCLIP, and of torchvision's
// ResNet-34 with transformers' BertModel.
static_assert(weights<chinese_clip::ViT_B_16.image>(512) + weights<chinese_clip::ViT_B_16.text>(512) + 1 ==
              188'262'913);
static_assert(weights<BiomedCLIP.image>(512) + weights<BiomedCLIP.text>(512) + 1 == 195'902'721);
static_assert(weights<experiment::ResNet_34_BERT.image>(512) + weights<experiment::ResNet_34_BERT.text>(512) + 1 ==
              130'832'193);

}  // namespace

TEST_CASE("Chinese-CLIP: names and shapes of transformers and of its repository, which are read") {
  const AnyConfig config{chinese_clip::ViT_B_16};
  const Shapes transformers = published("bert_text/names_chinese-clip_ViT-B-16_transformers");
  const Shapes original = published("bert_text/names_chinese-clip_ViT-B-16_original");
  Shapes with_pooler = original;  // as the published files are
  with_pooler["bert.pooler.dense.weight"] = {768, 768};
  with_pooler["bert.pooler.dense.bias"] = {768};
  CHECK(transformers.size() == 399);
  CHECK(written(chinese_clip::ViT_B_16, Dialect::huggingface) == transformers);
  CHECK(written(chinese_clip::ViT_B_16, Dialect::openai) == original);
  for (const Shapes& shapes : {transformers, original, with_pooler}) {
    const auto found = try_inspect(without_values(shapes)).value();
    AnyConfig expected = config;
    expected.preprocessing() = Preprocessing{};  // which a bare file does not state
    CHECK(found.config == expected);
    CHECK(found.activation_known);
  }
  CHECK(find_config("chinese-clip/ViT-B-16") == config);

  // The description of a folder of transformers, without its weights.
  const auto path = (std::filesystem::temp_directory_path() / "clip_chinese_config_test.json").string();
  std::ofstream{path} << R"({"model_type": "chinese_clip", "projection_dim": 512, "vision_config": {"patch_size": 16},
          "text_config": {"vocab_size": 21128, "model_type": "chinese_clip_text_model"}})";
  AnyConfig expected = config;
  expected.preprocessing() = Preprocessing{};
  CHECK(find_model(path) == expected);
  std::filesystem::remove(path);
  CHECK(try_parse_config(config_text(config), "x.json").value() == config);
}

TEST_CASE("BiomedCLIP: OpenCLIP's names and shapes, which are read with all but the context") {
  const AnyConfig config{BiomedCLIP};
  const Shapes shapes = published("bert_text/names_biomedclip_open_clip");
  CHECK(written(BiomedCLIP, Dialect::openclip) == shapes);
  const auto found = try_inspect(without_values(shapes)).value();
  AnyConfig expected = config;
  std::get<BertTextConfig>(expected.text).context = 512;
  std::get<BertTextConfig>(expected.text).positions = 0;
  CHECK(found.config == expected);
  CHECK(found.activation_known);
  CHECK(try_parse_config(config_text(config), "x.json").value() == config);
  CHECK(find_config("biomedclip") == config);
}

TEST_CASE("BiomedCLIP: OpenCLIP's description is read and written") {
  const std::string text = R"({"model_cfg": {"embed_dim": 512,
    "vision_cfg": {"timm_model_name": "vit_base_patch16_224", "timm_model_pretrained": false, "timm_pool": "",
                   "timm_proj": "linear", "image_size": 224},
    "text_cfg": {"hf_model_name": "microsoft/BiomedNLP-BiomedBERT-base-uncased-abstract",
                 "hf_tokenizer_name": "microsoft/BiomedNLP-BiomedBERT-base-uncased-abstract", "hf_proj_type": "mlp",
                 "hf_pooler_type": "cls_last_hidden_state_pooler", "context_length": 256}},
    "preprocess_cfg": {"mean": [0.48145466, 0.4578275, 0.40821073], "std": [0.26862954, 0.26130258, 0.27577711]}})";
  const AnyConfig config{BiomedCLIP};
  CHECK(try_parse_config(text, "x.json").value() == config);
  const auto image = Description<VitConfig>::try_write_openclip(BiomedCLIP.image, "x").value();
  CHECK(
      image->dump() ==
      R"({"image_size":224,"timm_model_name":"vit_base_patch16_224","timm_model_pretrained":false,"timm_pool":"","timm_proj":"linear"})");
  auto other = BiomedCLIP.image;
  other.layers = 11;
  CHECK(Description<VitConfig>::try_write_openclip(other, "x")
            .error()
            .message()
            .find("expected the sizes of timm's vit_base_patch16_224") != std::string::npos);
  CHECK_FALSE(Description<VitConfig>::try_write_huggingface(BiomedCLIP.image, 512, "x"));
}

TEST_CASE("a ResNet-34 with BERT has torchvision's and Chinese-CLIP's names, and is found in them") {
  const Shapes shapes = written(experiment::ResNet_34_BERT, Dialect::openai);
  CHECK(shapes.contains("visual.layer1.0.conv1.weight"));
  CHECK(shapes.contains("visual.fc.bias"));
  CHECK(shapes.contains("bert.encoder.layer.11.output.dense.bias"));
  CHECK(shapes.contains("text_projection"));
  const auto found = try_inspect(without_values(shapes)).value();
  AnyConfig expected{experiment::ResNet_34_BERT};
  CHECK(found.config.image == expected.image);
  std::get<BertTextConfig>(expected.text).context = 512;
  std::get<BertTextConfig>(expected.text).positions = 0;
  CHECK(found.config.text == expected.text);
  CHECK(found.activation_known);
  CHECK(find_config("experiment/ResNet-34-BERT") == AnyConfig{experiment::ResNet_34_BERT});
}

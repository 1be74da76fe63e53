#include <clip/checkpoint/find_model.hpp>
#include <clip/checkpoint/model_file.hpp>
#include <clip/io/json.hpp>
#include <clip/model/catalogue.hpp>
#include <clip/model/config_json.hpp>

#include "stored_clip.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

using namespace clip;
using namespace clip::testing;

namespace {

std::string message_of(const std::string& name, const Assumptions& assumed = {}) {
  const auto found = try_find_model(name, assumed);
  REQUIRE(!found);
  return found.error().message();
}

}  // namespace

TEST_CASE("find_model: a published name, a file of weights, a folder and its config.json mean the same model") {
  CHECK(find_model("ViT-B/16") == AnyConfig{ViT_B_16});
  CHECK(find_model("vit-b/16") == AnyConfig{ViT_B_16});
  CHECK(find_model(files + "huggingface") == AnyConfig{Stored});
  CHECK(find_model(files + "huggingface/config.json") == AnyConfig{Stored});
  const Assumptions all = assume(AnyConfig{Stored});
  CHECK(find_model(files + "half.pt", all) == AnyConfig{Stored});
  const TemporaryFolder folder;
  put(folder / "own.json", config_text(Stored));
  CHECK(find_model(folder / "own.json") == AnyConfig{Stored});
}

TEST_CASE("find_model: a folder of transformers without weights is its configuration, image processor included") {
  const TemporaryFolder folder;
  std::filesystem::copy(files + "huggingface/config.json", folder / "config.json");
  CHECK(find_model(folder.path) == AnyConfig{Stored});
  put(folder / "preprocessor_config.json",
      R"({"image_processor_type": "CLIPImageProcessor", "size": 8, "crop_size": 8, "image_mean": [0, 0, 0]})");
  auto expected = Stored;
  expected.image.preprocessing.mean = {0, 0, 0};
  expected.image.preprocessing.color_order = ColorOrder::huggingface;
  CHECK(find_model(folder.path) == AnyConfig{expected});
  CHECK(find_model(folder / "config.json") == AnyConfig{expected});
  put(folder / "preprocessor_config.json",
      R"({"image_processor_type": "CLIPImageProcessor", "size": 9, "crop_size": 9})");
  CHECK(message_of(folder.path).find("image size: expected 8, found 9") != std::string::npos);
}

TEST_CASE("find_model: keys that a config.json leaves out have the defaults of transformers' classes") {
  const TemporaryFolder folder;
  put(folder / "config.json", R"({"model_type": "clip"})");
  CHECK(find_model(folder / "config.json") == AnyConfig{ViT_B_32});
  put(folder / "config.json", R"({"vision_config": {"patch_size": 16}})");
  CHECK(find_model(folder / "config.json") == AnyConfig{ViT_B_16});
  put(folder / "config.json", R"({"vision_config": {"patch_size": 0}})");
  CHECK(message_of(folder / "config.json").ends_with("vision_config.patch_size: expected a positive integer, found 0"));
  put(folder / "config.json", R"({"vision_config": {"num_attention_heads": 5}})");
  CHECK(message_of(folder / "config.json").ends_with("VitConfig: heads must divide width"));
  put(folder / "config.json", R"({"model_type": "siglip"})");
  CHECK(find_model(folder / "config.json") == AnyConfig{siglip::ViT_B_16});
  put(folder / "config.json", R"({"model_type": "siglip2"})");
  CHECK(message_of(folder / "config.json").find("SigLIP 2 of flexible resolution is not built here") !=
        std::string::npos);
}

TEST_CASE("find_model: OpenCLIP's files are accepted, in a folder and alone") {
  const TemporaryFolder folder;
  Model<Stored, Naive<float>> model;
  load(model, files + "huggingface");
  save(model, folder / "model", {.dialect = Dialect::openclip});
  CHECK(find_model(folder / "model") == AnyConfig{Stored});
  CHECK(find_model(folder / "model/open_clip_config.json") == AnyConfig{Stored});
}

TEST_CASE("find_model: weights that do not state their activation are an error with its own identifier") {
  const auto found = try_find_model(files + "half.pt", {.image_heads = 4, .text_heads = 2});
  REQUIRE(!found);
  CHECK(found.error().id() == "clip.load.activation");
  CHECK(message_of("nowhere.safetensors").find("nowhere.safetensors") != std::string::npos);
  CHECK(message_of("ViT-B-32").find("laion/ViT-B-32") != std::string::npos);
}

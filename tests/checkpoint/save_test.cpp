#include <clip/checkpoint/save.hpp>

#include <clip/checkpoint/convert_file.hpp>
#include <clip/checkpoint/open.hpp>
#include <clip/core/half.hpp>
#include <clip/io/json.hpp>
#include <clip/tower/json_fields.hpp>

#include "../support/kill_at_calls.hpp"
#include "stored_clip.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <set>
#include <string>
#include <vector>

using namespace clip;
using namespace clip::testing;

namespace {
template <const auto& Config>
using Small = Model<Config, Naive<float>>;

template <const auto& Config>
Small<Config> stored() {
  Small<Config> model;
  load(model, files + "wanted.safetensors");
  return model;
}

std::set<std::string> entries(const std::string& folder) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) names.insert(entry.path().filename().string());
  return names;
}

Json json_of(const std::string& path) { return parse_json(get(path), path); }

std::string refused(const Result<void>& result, ErrorKind kind) {
  REQUIRE(!result);
  CHECK(result.error().kind() == kind);
  return result.error().message();
}

inline constexpr auto Changed = [] {
  auto c = Stored;
  c.image.preprocessing.mean = {0.5f, 0.25f, 0.1f};
  c.image.preprocessing.resize = ResizeMode::squash;
  c.image.preprocessing.interpolation = Interpolation::bilinear;
  return c;
}();
}  // namespace

TEST_CASE("save: a folder in Hugging Face's dialect opens as the same model") {
  const TemporaryFolder folder;
  auto model = stored<Stored>();
  save(model, folder / "clip", {.dialect = Dialect::huggingface});
  CHECK(entries(folder / "clip") ==
        std::set<std::string>{"config.json", "preprocessor_config.json", "model.safetensors"});
  const AnyModel again = clip::open<Naive<float>>(folder / "clip");
  CHECK(weights_of(again) == weights_of(model));
  AnyConfig config = again.config();
  config.preprocessing().color_order = ColorOrder::openai;
  CHECK(config == AnyConfig{Stored});
}

TEST_CASE("save: the content of the folder's JSON files for transformers") {
  const TemporaryFolder folder;
  auto model = stored<Stored>();
  save(model, folder / "clip", {.dialect = Dialect::huggingface, .dtype = Dtype::f16});
  const Json config = json_of(folder / "clip/config.json"),
             preprocessing = json_of(folder / "clip/preprocessor_config.json");
  CHECK(config["model_type"] == "clip");
  CHECK(config["dtype"] == "float16");
  CHECK(config["projection_dim"] == 8);
  for (const char* tower : {"vision_config", "text_config"}) {
    CHECK(config[tower]["hidden_act"] == "gelu");
    CHECK(config[tower]["layer_norm_eps"] == 1e-5);
    CHECK(config[tower]["hidden_size"] == 16);
    CHECK(config[tower]["intermediate_size"] == 32);
    CHECK(config[tower]["num_hidden_layers"] == 1);
  }
  CHECK(config["vision_config"]["num_attention_heads"] == 4);
  CHECK(config["vision_config"]["image_size"] == 8);
  CHECK(config["vision_config"]["patch_size"] == 4);
  CHECK(config["text_config"]["num_attention_heads"] == 2);
  CHECK(config["text_config"]["max_position_embeddings"] == 5);
  CHECK(config["text_config"]["vocab_size"] == 12);
  CHECK(config["text_config"]["eos_token_id"] == 11);
  CHECK(preprocessing["size"] == Json{{"shortest_edge", 8}});
  CHECK(preprocessing["crop_size"] == Json{{"height", 8}, {"width", 8}});
  CHECK(preprocessing["resample"] == 3);
  CHECK(preprocessing["do_center_crop"] == true);
  for (std::size_t i = 0; i < 3; ++i) CHECK(preprocessing["image_mean"][i].get<float>() == openai_mean[i]);

  Model<Changed, Naive<float>> other;
  save(other, folder / "squash", {.dialect = Dialect::huggingface});
  const Json squash = json_of(folder / "squash/preprocessor_config.json");
  CHECK(squash["size"] == Json{{"height", 8}, {"width", 8}});
  CHECK(squash["do_center_crop"] == false);
  CHECK(squash["resample"] == 2);
  CHECK(squash["image_mean"] == Json{0.5, 0.25, 0.1});
}

TEST_CASE("save: a folder in OpenCLIP's dialect opens as the same model, preprocessing included") {
  const TemporaryFolder folder;
  auto model = stored<Changed>();
  save(model, folder / "clip", {.dialect = Dialect::openclip});
  CHECK(entries(folder / "clip") == std::set<std::string>{"open_clip_config.json", "open_clip_model.safetensors"});
  const AnyModel again = clip::open<Naive<float>>(folder / "clip");
  CHECK(weights_of(again) == weights_of(model));
  CHECK(again.config() == AnyConfig{Changed});
  const Json config = json_of(folder / "clip/open_clip_config.json");
  CHECK(config["model_cfg"]["vision_cfg"]["head_width"] == 4);
  CHECK(config["model_cfg"]["vision_cfg"]["mlp_ratio"] == 2.0);
  CHECK(!config["model_cfg"].contains("quick_gelu"));
  auto quick = stored<Quick>();
  save(quick, folder / "quick", {.dialect = Dialect::openclip});
  CHECK(json_of(folder / "quick/open_clip_config.json")["model_cfg"]["quick_gelu"] == true);
}

TEST_CASE("save: every resampling is read back from every dialect, and the folder's own statement wins") {
  const TemporaryFolder folder;
  for (const Resampling resampling : resamplings)
    for (const Dialect dialect : {Dialect::openai, Dialect::openclip, Dialect::huggingface}) {
      CAPTURE(name_of(resampling));
      CAPTURE(name_of(dialect));
      AnyConfig config{Stored};
      config.preprocessing().resampling = resampling;
      AnyModel<Naive<float>> model{config};
      save(model, folder / "out", {.dialect = dialect});
      CHECK(inspect(folder / "out").config.input().preprocessing.resampling == resampling);
      convert_file(folder / "out", folder / "again", {.dialect = Dialect::huggingface});
      CHECK(inspect(folder / "again").config.input().preprocessing.resampling == resampling);
      std::filesystem::remove_all(folder / "out");
      if (resampling == Resampling::pillow12) {
        const std::string processor = folder / "again/preprocessor_config.json";
        put(processor, R"({"image_processor_type": "CLIPImageProcessorFast", "size": 8, "crop_size": 8})");
        CHECK(inspect(folder / "again").config.input().preprocessing.resampling == Resampling::torchvision);
        std::filesystem::remove(processor);
        CHECK(inspect(folder / "again").config.input().preprocessing.resampling == Resampling::pillow12);
      }
      std::filesystem::remove_all(folder / "again");
    }
}

TEST_CASE("save: the stored mlp_ratio gives the width of the MLP") {
  for (Index width = 1; width < 400; width += 7)
    for (Index hidden = width; hidden < 6 * width; hidden += 3)
      REQUIRE(static_cast<Index>(static_cast<double>(width) * mlp_ratio(width, hidden)) == hidden);
  CHECK(static_cast<Index>(1408 * mlp_ratio(1408, 6144)) == 6144);
  CHECK(static_cast<Index>(1664 * mlp_ratio(1664, 8192)) == 8192);
}

TEST_CASE("save: a 16-bit element type halves the file and rounds every weight") {
  const TemporaryFolder folder;
  auto model = stored<Stored>();
  model.similarity.logit_scale.data[0] = 2.65926f;
  for (const Dtype dtype : {Dtype::f16, Dtype::bf16}) {
    save(model, folder / "half.safetensors", {.dtype = dtype});
    const Safetensors file = open_safetensors(folder / "half.safetensors");
    for (const StoredTensor& t : file.tensors()) CHECK(t.dtype == dtype);
    Small<Stored> again;
    load(again, folder / "half.safetensors");
    CHECK(again.similarity.logit_scale.data[0] != model.similarity.logit_scale.data[0]);
    CHECK(again.similarity.logit_scale.data[0] == (dtype == Dtype::f16
                                                       ? half_to_float(float_to_half(2.65926f))
                                                       : bfloat16_to_float(float_to_bfloat16(2.65926f))));
  }
  CHECK(refused(try_save(model, folder / "a", {.dtype = Dtype::i64}), ErrorKind::option).find("found I64") !=
        std::string::npos);
}

TEST_CASE("save: a weight too large for the element type is an error, and the old file stays") {
  const TemporaryFolder folder;
  auto model = stored<Stored>();
  save(model, folder / "clip", {.dialect = Dialect::huggingface});
  const std::string before = get(folder / "clip/model.safetensors");
  model.image.tower.proj.data[3] = 70000;
  CHECK(refused(try_save(model, folder / "clip", {.dialect = Dialect::huggingface, .dtype = Dtype::f16}),
                ErrorKind::numeric) == "visual_projection.weight: 70000 is too large for F16");
  CHECK(get(folder / "clip/model.safetensors") == before);
  CHECK(json_of(folder / "clip/config.json")["dtype"] == "float32");
  CHECK(entries(folder / "clip").size() == 3);
}

TEST_CASE("save: a folder is created, replaced, or left unchanged") {
  const TemporaryFolder folder;
  auto model = stored<Stored>();
  const SaveOptions huggingface{.dialect = Dialect::huggingface}, openclip{.dialect = Dialect::openclip};
  save(model, folder / "clip", huggingface);
  model.similarity.logit_scale.data[0] = 1;
  save(model, folder / "clip", huggingface);
  CHECK(weights_of(clip::open<Naive<float>>(folder / "clip")) == weights_of(model));
  CHECK(refused(try_save(model, folder / "clip", openclip), ErrorKind::option) ==
        folder / "clip" +
            ": holds weights already, under another name (model.safetensors): choose another folder or remove them");
  CHECK(entries(folder / "clip").size() == 3);
  refused(try_save(model, folder / "no/clip", huggingface), ErrorKind::system);
  put(folder / "file", "x");
  refused(try_save(model, folder / "file", huggingface), ErrorKind::system);
  CHECK(get(folder / "file") == "x");

  // A failed save removes the folder it created.
  model.image.tower.proj.data[0] = 1e30f;
  refused(try_save(model, folder / "new", {.dialect = Dialect::huggingface, .dtype = Dtype::f16}), ErrorKind::numeric);
  CHECK(!std::filesystem::exists(folder / "new"));
}

TEST_CASE("save: killed at any system call, a folder opens as the old model or as the new one") {
  const TemporaryFolder folder;
  set_notice([](const char*) {});
  auto model = stored<Stored>();
  auto other = stored<Changed>();
  other.similarity.logit_scale.data[0] = 1;
  for (const Dialect dialect : {Dialect::huggingface, Dialect::openclip}) {
    std::set<float> scales;  // of the models that were found
    const std::string path = folder / "clip";
    const int kills = kill_at_every_call(
        [&] {
          std::filesystem::remove_all(path);
          save(model, path, {.dialect = dialect});
          put(path + "/README.md", "mine");
        },
        [&] { save(other, path, {.dialect = dialect}); },
        [&] {
          AnyModel found = clip::open<Naive<float>>(path);
          const bool is_new = found.similarity.logit_scale.data[0] == 1;
          scales.insert(found.similarity.logit_scale.data[0]);
          CHECK(found.config().input().preprocessing.mean == (is_new ? Changed : Stored).image.preprocessing.mean);
          CHECK(weights_of(found) == (is_new ? weights_of(other) : weights_of(model)));
          CHECK(get(path + "/README.md") == "mine");
        });
    if (kills < 0) {
      MESSAGE("skipped: this process may not trace its children");
      break;
    }
    CHECK(scales.size() == 2);
    CHECK(kills > 40);
  }
  set_notice(nullptr);
}

TEST_CASE("save: descriptions that readers would prefer to the new ones go with the old model, others stay") {
  const TemporaryFolder folder;
  auto model = stored<Stored>();
  save(model, folder / "clip", {.dialect = Dialect::huggingface});
  auto other = stored<Changed>();
  save(other, folder / "other", {.dialect = Dialect::openclip});
  std::filesystem::copy(folder / "other/open_clip_config.json", folder / "clip/open_clip_config.json");
  put(folder / "clip/processor_config.json", R"({"image_processor": {"image_mean": [0, 0, 0]}})");
  put(folder / "clip/tokenizer.json", "{}");
  save(model, folder / "clip", {.dialect = Dialect::huggingface});
  CHECK(entries(folder / "clip") ==
        std::set<std::string>{"config.json", "preprocessor_config.json", "model.safetensors", "tokenizer.json"});
  CHECK(inspect(folder / "clip").config.input().preprocessing.mean == Stored.image.preprocessing.mean);
}

TEST_CASE("save: settings that a dialect cannot express are errors") {
  const TemporaryFolder folder;
  ImageEncoder<Stored, Naive<float>> image;
  CHECK(refused(try_save(image, folder / "image", {.dialect = Dialect::huggingface}), ErrorKind::option)
            .find("an encoder alone is saved as a file") != std::string::npos);
  save(image, folder / "image.safetensors", {.dialect = Dialect::huggingface});
  CHECK(open_tensors(folder / "image.safetensors").find("vision_model.pre_layrnorm.weight") != nullptr);

  const auto openclip = [&](auto change) {
    auto c = Stored;
    change(c);
    AnyModel<Naive<float>> model{c};
    return refused(try_save(model, folder / "no", {.dialect = Dialect::openclip}), ErrorKind::option);
  };
  CHECK(openclip([](auto& c) {
          c.image.activation = Activation::quick_gelu;
        }).find("in both towers, found quick_gelu and gelu") != std::string::npos);
  CHECK(openclip([](auto& c) { c.image.activation = c.text.activation = Activation::gelu_tanh; }).find("gelu_tanh") !=
        std::string::npos);
  CHECK(openclip([](auto& c) {
          c.text.epsilon = 1e-6f;
        }).find("epsilon in OpenCLIP's description: expected 1e-05, found 1e-06") != std::string::npos);
  CHECK(!std::filesystem::exists(folder / "no"));
}

TEST_CASE("save: a name of PyTorch's pickles is an error that says what to write instead") {
  const TemporaryFolder folder;
  Model<Stored, Naive<float>> model;
  load(model, files + "huggingface");
  for (const char* name : {"x.pt", "x.pth", "x.bin", "x.ckpt"}) {
    CAPTURE(name);
    const auto result = try_save(model, folder / name);
    REQUIRE(!result);
    CHECK(result.error().id() == "clip.option.format");
    CHECK(result.error().message().find(".safetensors") != std::string::npos);
    CHECK(!std::filesystem::exists(folder / name));
  }
  CHECK(try_convert_file(files + "half.pt", folder / "x.pt").error().id() == "clip.option.format");
}

// MobileCLIP in Apple's names: against make_mci.py's renaming of timm's tower, and through files and back.
#include <clip/checkpoint/convert_file.hpp>
#include <clip/checkpoint/open.hpp>
#include <clip/checkpoint/open_encoder.hpp>
#include <clip/model/config_json.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

using namespace clip;

namespace {

const std::string golden = CLIP_SOURCE_DIR "/tests/golden/";

const MciClipConfig small{
    .embed_dim = 10,
    .image = {.image_size = 40,
              .stages = {MciStage{1, 4, 6}, {2, 8, 12}, {1, 16, 24, false, true}, {1, 32, 48, true, true, true}},
              .preprocessing = mobileclip::S1.image.preprocessing},
    .text = {.context = 6,
             .vocabulary = 20,
             .width = 16,
             .layers = 2,
             .heads = 2,
             .activation = Activation::gelu,
             .epsilon = 1e-5f,
             .causal = false}};

struct Folder {
  std::filesystem::path path = std::filesystem::temp_directory_path() / "clip_apple_names_test";
  Folder() {
    std::filesystem::remove_all(path);
    std::filesystem::create_directories(path);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string operator/(const std::string& name) const { return (path / name).string(); }
};

std::vector<float> values_of(const FileTensor& tensor) {
  std::vector<float> values(static_cast<std::size_t>(tensor.count()));
  convert(tensor, std::span<float>(values));
  return values;
}

/// Every tensor of a file: name, shape and values.
std::vector<std::pair<std::string, std::vector<float>>> tensors_in(const std::string& path) {
  std::vector<std::pair<std::string, std::vector<float>>> all;
  const TensorFile file = open_tensors(path);
  for (const FileTensor& t : file.tensors()) {
    std::string name = t.name;
    for (const Index n : t.shape) name += " " + std::to_string(n);
    all.emplace_back(std::move(name), values_of(t));
  }
  std::sort(all.begin(), all.end());
  return all;
}

/// Initial weights, but for the bias of the head, which Apple's models do not have.
AnyModel<> random_model() {
  AnyModel<> model{AnyConfig{small}, Rng{3}};
  visit_parameters(model, [](std::string_view name, auto& p) {
    if (name == "visual.trunk.head.fc.bias") std::fill_n(p.data, p.count(), 0.0f);
  });
  return model;
}

}  // namespace

TEST_CASE("Apple's names are timm's weights, and the head has a bias of zeros") {
  const TensorFile apple = in_openai_names(open_tensors(golden + "tiny_mci_apple.safetensors")),
                   timm = open_tensors(golden + "tiny_mci.safetensors");
  std::size_t weights = 0;
  for (const FileTensor& t : timm.tensors()) {
    if (!t.name.starts_with("visual.")) continue;
    CAPTURE(t.name);
    ++weights;
    const FileTensor* const same = apple.find(t.name);
    REQUIRE(same != nullptr);
    CHECK(same->shape == t.shape);
    if (t.name == "visual.trunk.head.fc.bias") CHECK(values_of(*same) == std::vector<float>(10));
    else CHECK(values_of(*same) == values_of(t));
  }
  CHECK(weights == apple.tensors().size());
}

TEST_CASE("the image tower of a file in Apple's names is opened alone and has timm's features, but for the bias") {
  const std::string path = golden + "tiny_mci_apple.safetensors";
  const auto opened = std::get<MciConfig>(open_image_encoder(path).config());
  CHECK(opened.stages == small.image.stages);
  CHECK(opened.image_size == 256);  // no shape says it
  const TensorFile timm = open_tensors(golden + "tiny_mci.safetensors");
  const std::vector<float> bias = values_of(*timm.find("visual.trunk.head.fc.bias")),
                           expected = values_of(*timm.find("evaluation.features"));
  AnyImageEncoder<Cpu<>, KnownFamilies::Images> image{small.image, 10};
  load(image, path);
  const auto found = image.encode_image(Images::from_floats(3, 3, 40, 40, values_of(*timm.find("input.images"))));
  double worst = 0;
  for (std::size_t i = 0; i < expected.size(); ++i)
    worst = std::max(worst, std::abs(static_cast<double>(found.values()[i]) + bias[i % 10] - expected[i]));
  CHECK(worst < 2e-5);
}

TEST_CASE("a MobileCLIP is written in Apple's names and returns with the same bytes") {
  const Folder folder;
  const AnyModel<> model = random_model();
  save(model, folder / "ours.safetensors");
  convert_file(folder / "ours.safetensors", folder / "apple.safetensors", {.dialect = Dialect::apple});
  const TensorFile apple = open_tensors(folder / "apple.safetensors");
  CHECK(dialect_of(apple) == Dialect::apple);
  CHECK(apple.find("image_encoder.model.network.7.0.token_mixer.qkv.weight") != nullptr);
  CHECK(apple.find("text_encoder.positional_embedding.pos_embed.pos_embed")->shape == std::vector<Index>{1, 1, 6, 16});
  CHECK(apple.tensors().size() == open_tensors(folder / "ours.safetensors").tensors().size() - 1);
  convert_file(folder / "apple.safetensors", folder / "back.safetensors");
  CHECK(tensors_in(folder / "back.safetensors") == tensors_in(folder / "ours.safetensors"));
  convert_file(folder / "apple.safetensors", folder / "timm.safetensors", {.dialect = Dialect::openclip});
  convert_file(folder / "timm.safetensors", folder / "again.safetensors", {.dialect = Dialect::apple});
  CHECK(tensors_in(folder / "again.safetensors") == tensors_in(folder / "apple.safetensors"));
  const Inspection found = inspect(folder / "apple.safetensors");
  CHECK(found.dialect == Dialect::apple);
  CHECK(found.config == AnyConfig{small});
}

TEST_CASE("a bare file in Apple's names has Apple's activation, no causal mask, and a text tower that opens alone") {
  const Folder folder;
  const AnyModel<> model = random_model();
  const auto tensors = try_in_dialect(tensors_of(model), Dialect::apple).value();
  write_safetensors(folder / "bare.safetensors", tensors);
  const Inspection found = inspect(folder / "bare.safetensors", {.text_heads = 2});
  CHECK(found.activation_known);
  CHECK(found.activation_by_naming);
  const auto text = std::get<TextConfig>(found.config.text);
  CHECK(text.activation == Activation::gelu);
  CHECK_FALSE(text.causal);
  std::vector<TensorToWrite> texts;
  for (const TensorToWrite& t : tensors)
    if (t.name.starts_with("text_encoder.")) texts.push_back(t);
  write_safetensors(folder / "text.safetensors", texts);
  const auto alone = open_text_encoder(folder / "text.safetensors", {.text_heads = 2});
  CHECK(alone.embed_dim == dyn);
  CHECK(std::get<TextConfig>(alone.config()).activation == Activation::gelu);
}

TEST_CASE("Apple's dialect refuses a head with a bias, and writes no file then") {
  const Folder folder;
  AnyModel<> model = random_model();
  visit_parameters(model, [](std::string_view name, auto& p) {
    if (name == "visual.trunk.head.fc.bias") p.data[3] = 0.25f;
  });
  const auto saved = try_save(model, folder / "a.safetensors", {.dialect = Dialect::apple});
  REQUIRE_FALSE(saved);
  CHECK(std::string(saved.error().message()) ==
        "dialect: for a model whose visual.trunk.head.fc.bias is not zero: expected another, found apple, which has no "
        "such tensor");
  CHECK(std::filesystem::is_empty(folder.path));
}

TEST_CASE("Apple's configurations are read and written") {
  const auto s1 = try_parse_config(R"({"embed_dim": 512, "image_cfg": {"image_size": 256, "model_name": "mci1"},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "dim": 512, "ffn_multiplier_per_layer": 4.0,
    "n_heads_per_layer": 8, "n_transformer_layers": 12, "norm_layer": "layer_norm_fp32", "causal_masking": false,
    "model_name": "base"}})",
                                   "mobileclip_s1.json");
  REQUIRE(s1);
  CHECK(*s1 == AnyConfig{mobileclip::S1});
  const auto files = detail::try_apple_files(*s1, "x").value();
  REQUIRE(files.size() == 1);
  CHECK(files[0].first == "config.json");
  CHECK(try_parse_config(files[0].second, "x").value() == *s1);

  const auto refused = [](auto config) {
    const auto written = detail::try_apple_files(AnyConfig{config}, "x");
    return written ? std::string() : std::string(written.error().message());
  };
  CHECK(refused(mobileclip2::S3).find("expected the sizes of mci0, mci1 or mci2") != std::string::npos);
  CHECK(refused(ViT_B_32).find("expected one of MobileCLIP, with branches") != std::string::npos);
  MciClipConfig squashed = mobileclip::S2;
  squashed.image.preprocessing.resize = ResizeMode::squash;
  CHECK(refused(squashed).find("preprocessing in Apple's description") != std::string::npos);
  const auto other = try_parse_config(R"({"embed_dim": 8, "image_cfg": {"image_size": 256, "model_name": "mci9"},
    "text_cfg": {"model_name": "base"}})",
                                      "x.json");
  REQUIRE_FALSE(other);
  CHECK(std::string(other.error().message()).find("image_cfg: no tower of the library is described so") !=
        std::string::npos);
}

TEST_CASE("a folder in Apple's layout states its model") {
  const Folder folder;
  MciClipConfig c = mobileclip::S1;  // mci1, whose layers are as published, with small texts
  c.text = small.text;
  c.embed_dim = 16;
  const AnyModel<> model{AnyConfig{c}};
  save(model, folder / "s1", {.dialect = Dialect::apple, .dtype = Dtype::f16});
  CHECK(std::filesystem::exists(folder / "s1/config.json"));
  const Inspection found = inspect(folder / "s1");
  CHECK(found.dialect == Dialect::apple);
  CHECK(found.config == AnyConfig{c});
  CHECK(found.preprocessing_known);
}

// MobileCLIP-B and MobileCLIP 2 L-14 in files: what their names decide, OpenCLIP's descriptions, conversion.
#include <clip/checkpoint/convert_file.hpp>
#include <clip/checkpoint/infer.hpp>
#include <clip/checkpoint/open_encoder.hpp>
#include <clip/io/json.hpp>
#include <clip/model/config_json.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

using namespace clip;

namespace {

const std::string golden = CLIP_SOURCE_DIR "/tests/golden/mobileclip/";
constexpr Assumptions of_b{.activation = Activation::gelu, .image_heads = 4, .text_heads = 2};
constexpr Assumptions of_l14{.activation = Activation::gelu, .image_heads = 2, .text_heads = 2};

struct Folder {
  std::filesystem::path path = std::filesystem::temp_directory_path() / "clip_conv_vit_description_test";
  Folder() {
    std::filesystem::remove_all(path);
    std::filesystem::create_directories(path);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string operator/(const std::string& name) const { return (path / name).string(); }
};

/// Every tensor of a file: name, shape and values.
std::vector<std::pair<std::string, std::vector<float>>> tensors_in(const std::string& path) {
  std::vector<std::pair<std::string, std::vector<float>>> all;
  const TensorFile file = open_tensors(path);
  for (const FileTensor& t : file.tensors()) {
    std::string name = t.name;
    for (const Index n : t.shape) name += " " + std::to_string(n);
    std::vector<float> values(static_cast<std::size_t>(t.count()));
    if (!name.ends_with("num_batches_tracked")) convert(t, std::span<float>(values));
    all.emplace_back(std::move(name), std::move(values));
  }
  std::sort(all.begin(), all.end());
  return all;
}

const ConvVitConfig& image_of(const Inspection& found) { return std::get<ConvVitConfig>(found.config.image); }

std::string openclip_config(const AnyConfig& c) { return detail::try_openclip_files(c, "x").value().at(0).second; }

}  // namespace

TEST_CASE("MobileCLIP-B: the names of a file decide the padding of the stem and the epsilon") {
  const Inspection timm = inspect(golden + "b_open_clip.safetensors", of_b);
  CHECK(timm.dialect == Dialect::openclip);
  CHECK(image_of(timm).stem_padding.value == 0);
  CHECK(image_of(timm).epsilon.value == 1e-6f);
  CHECK(std::get<TextConfig>(timm.config.text).causal);
  const Inspection apple = inspect(golden + "b_apple.safetensors", of_b);
  CHECK(apple.dialect == Dialect::apple);
  CHECK(image_of(apple).stem_padding.value == 1);
  CHECK(image_of(apple).epsilon.value == 1e-5f);
  CHECK(std::get<TextConfig>(apple.config.text).epsilon.value == 1e-5f);
  const auto image = try_inspect_image(open_tensors(golden + "b_apple.safetensors"), of_b).value();
  CHECK(std::get<ConvVitConfig>(image.config).stem_padding.value == 1);
}

TEST_CASE(
    "MobileCLIP-B: an assumption goes before the names, and a file that cannot tell is an error with the choice") {
  Assumptions assumed = of_b;
  assumed.stem_padding = 0;
  CHECK(image_of(inspect(golden + "b_apple.safetensors", assumed)).stem_padding.value == 0);
  // Our own names are no implementation's.
  const TensorFile ours = in_openai_names(open_tensors(golden + "b_open_clip.safetensors"));
  const auto unknown = try_inspect(ours, of_b);
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().id() == "clip.load.implementation");
  CHECK(try_inspect_image(ours, of_b).error().id() == "clip.load.implementation");
  CHECK_MESSAGE(unknown.error().message().find("1 pixel in Apple's code, 0 in timm's") != std::string::npos,
                unknown.error().message());
  assumed.stem_padding = 1;
  const auto known = try_inspect(ours, assumed);
  REQUIRE(known);
  CHECK(image_of(*known).stem_padding.value == 1);
  CHECK(image_of(*known).epsilon.value == 1e-5f);
  const Assumptions all = assume(AnyConfig{mobileclip::B});
  CHECK(all.stem_padding == 0);
  CHECK_FALSE(all.epsilon);  // the towers' differ
}

TEST_CASE("MobileCLIP-B: the namings convert into each other, and ours remembers whose they were") {
  const Folder folder;
  const auto to = [&](const std::string& in, const std::string& name, Dialect dialect, const Assumptions& assumed) {
    convert_file(in, folder / name, {.dialect = dialect, .assumed = assumed});
    return folder / name;
  };
  const std::string own = to(golden + "b_apple.safetensors", "own.safetensors", Dialect::openai, of_b);
  const Inspection found = inspect(own);
  CHECK(found.dialect == Dialect::openai);
  CHECK(image_of(found).stem_padding.value == 1);
  CHECK(image_of(found).heads == 4);
  const std::string apple = to(own, "apple.safetensors", Dialect::apple, {});
  CHECK(tensors_in(apple) == tensors_in(golden + "b_apple.safetensors"));
  CHECK(image_of(inspect(apple)).stem_padding.value == 1);
  const std::string again = to(golden + "b_open_clip.safetensors", "own2.safetensors", Dialect::openai, of_b);
  CHECK(image_of(inspect(again)).stem_padding.value == 0);
  CHECK(tensors_in(to(again, "timm.safetensors", Dialect::openclip, {})) ==
        tensors_in(golden + "b_open_clip.safetensors"));
  // A bias that is not zero has no place in Apple's files.
  CHECK_THROWS_AS(to(again, "biased.safetensors", Dialect::apple, {}), OptionError);
}

TEST_CASE("MobileCLIP 2 L-14: the namings convert into each other, and the text tower keeps its lack of a mask") {
  const Folder folder;
  const std::string timm = golden + "l14_open_clip.safetensors";
  const Inspection found = inspect(timm, of_l14);
  CHECK(std::get<VitConfig>(found.config.image).projection_bias);
  CHECK_FALSE(std::get<TextConfig>(found.config.text).causal);
  convert_file(timm, folder / "own.safetensors", {.dialect = Dialect::openai, .assumed = of_l14});
  CHECK(inspect(folder / "own.safetensors").config == found.config);
  convert_file(folder / "own.safetensors", folder / "back.safetensors", {.dialect = Dialect::openclip});
  CHECK(tensors_in(folder / "back.safetensors") == tensors_in(timm));
  CHECK_THROWS_AS(convert_file(timm, folder / "hf", {.dialect = Dialect::huggingface, .assumed = of_l14}), OptionError);
  const auto image = try_inspect_image(open_tensors(timm), of_l14).value();
  CHECK_FALSE(image.without_projection);
  CHECK(image.embed_dim == 12);
}

TEST_CASE("MobileCLIP-B: Apple's description is read and written, and states what Apple's code computes") {
  const std::string b = R"({"embed_dim": 512, "image_cfg": {"image_size": 224, "model_name": "vit_b16"}, "text_cfg": {)"
                        R"("context_length": 77, "vocab_size": 49408, "dim": 512, "ffn_multiplier_per_layer": 4.0,)"
                        R"( "n_heads_per_layer": 8, "n_transformer_layers": 12, "norm_layer": "layer_norm_fp32",)"
                        R"( "causal_masking": true, "model_name": "base"}})";
  AnyConfig apples{mobileclip::B};
  std::get<ConvVitConfig>(apples.image).stem_padding = 1;
  std::get<ConvVitConfig>(apples.image).epsilon = 1e-5f;
  CHECK(try_parse_config(b, "x").value() == apples);
  CHECK(try_parse_config(detail::try_apple_files(apples, "x").value().at(0).second, "x").value() == apples);
  const auto refused = detail::try_apple_files(AnyConfig{mobileclip::B}, "x");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message().find("padding of the stem") != std::string::npos);
}

TEST_CASE("MobileCLIP-B and L-14: OpenCLIP's descriptions are read and written") {
  for (const AnyConfig& c : {AnyConfig{mobileclip::B}, AnyConfig{mobileclip2::L_14}}) {
    const std::string text = openclip_config(c);
    CHECK(text.find("\"custom_text\": true") != std::string::npos);
    CHECK(try_parse_config(text, "x").value() == c);
  }
  CHECK(openclip_config(AnyConfig{mobileclip2::L_14}).find("vit_large_patch14_clip_224") != std::string::npos);
  CHECK(openclip_config(AnyConfig{ViT_L_14}).find("custom_text") == std::string::npos);
  AnyConfig apples{mobileclip::B};
  std::get<ConvVitConfig>(apples.image).stem_padding = 1;
  const auto refused = detail::try_openclip_files(apples, "x");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message().find("padding of the stem") != std::string::npos);
  AnyConfig wide{mobileclip2::L_14};
  std::get<VitConfig>(wide.image).width = 512;
  CHECK_FALSE(detail::try_openclip_files(wide, "x"));
  // As OpenCLIP's own model_configs/MobileCLIP2-L-14.json.
  CHECK(try_parse_config(
            R"({"embed_dim": 768, "vision_cfg": {"timm_model_name": "vit_large_patch14_clip_224",)"
            R"( "timm_model_pretrained": false, "timm_pool": "token", "timm_proj": null, "timm_drop": 0.0,)"
            R"( "timm_drop_path": 0.1, "image_size": 224}, "text_cfg": {"context_length": 77, "vocab_size": 49408,)"
            R"( "width": 768, "heads": 12, "layers": 12, "no_causal_mask": true}, "custom_text": true})",
            "x")
            .value() == AnyConfig{mobileclip2::L_14});
  const auto pooled = try_parse_config(
      R"({"embed_dim": 512, "vision_cfg": {"timm_model_name": "vit_base_mci_224", "timm_pool": "avg"},)"
      R"( "text_cfg": {"width": 512, "heads": 8, "layers": 12}})",
      "x");
  REQUIRE_FALSE(pooled);
  CHECK(pooled.error().message().find("timm_pool: expected token") != std::string::npos);
}

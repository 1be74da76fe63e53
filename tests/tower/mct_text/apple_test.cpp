// MobileCLIP S0: numbers of weights, checked at compile time, published names and shapes, inference of the tower from a
// file, JSON, FLOPs.
#include <clip/checkpoint/folder.hpp>
#include <clip/checkpoint/infer_encoder.hpp>
#include <clip/io/json.hpp>
#include <clip/model/catalogue.hpp>
#include <clip/model/config_json.hpp>
#include <clip/model/flops.hpp>
#include <clip/model/licence.hpp>
#include <clip/tower/mct_text/description.hpp>

#include "../../io/temporary_folder.hpp"
#include "../../support/published_names.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <variant>
#include <vector>

using namespace clip;
using namespace clip::testing;

namespace {

template <auto C>
constexpr Index weights(Index embed_dim) {
  return count_parameters(TowerOf<C, dyn, Cpu<float>, Residual>{C, embed_dim});
}

// The numbers of Apple's modules; timm's image towers, and so ours, have a bias of the head.
static_assert(weights<mobileclip::S0.text>(512) == 42'441'216);
static_assert(weights<mct_text_config<true>(mobileclip::S0.text)>(512) == 42'435'072);
static_assert(weights<mobileclip::S0.image>(512) == 11'406'464 + 512);
static_assert(weights<mci_config<true>(mobileclip::S0.image)>(512) == 11'356'992 + 512);

constexpr ClipConfig<FusedMciConfig, FusedMctTextConfig> fused{.embed_dim = 512,
                                                               .image = mci_config<true>(mobileclip::S0.image),
                                                               .text = mct_text_config<true>(mobileclip::S0.text)};

/// The tensors of a list that belong to the text tower.
Shapes of_text(const Shapes& all) {
  Shapes text;
  for (const auto& [name, shape] : all)
    if (name.starts_with("text_encoder.")) text[name] = shape;
  return text;
}

/// A safetensors file with these tensors, all zeros, which take no space on the disk.
std::string file_of(const Shapes& shapes, const std::string& path) {
  std::string header;
  std::uint64_t end = 0;
  for (const auto& [name, shape] : shapes) {
    const bool counts = name.ends_with("num_batches_tracked");
    std::uint64_t bytes = counts ? 8 : 4;
    std::string extents;
    for (const Index n : shape) {
      bytes *= static_cast<std::uint64_t>(n);
      extents += (extents.empty() ? "" : ",") + std::to_string(n);
    }
    header += (header.empty() ? "{" : ",") + ('"' + name) + R"(":{"dtype":")" + (counts ? "I64" : "F32") +
              R"(","shape":[)" + extents + R"(],"data_offsets":[)" + std::to_string(end) + "," +
              std::to_string(end + bytes) + "]}";
    end += bytes;
  }
  header += "}";
  header.resize((header.size() + 7) / 8 * 8, ' ');
  std::ofstream file{path, std::ios::binary};
  for (int i = 0; i < 8; ++i) file.put(static_cast<char>(header.size() >> (8 * i) & 255));
  file << header;
  file.close();
  std::filesystem::resize_file(path, 8 + header.size() + end);
  return path;
}

/// The text tower of a file that holds nothing else.
Result<EncoderInspection<KnownFamilies::Texts>> inspected(const Shapes& shapes) {
  const TemporaryFolder folder;
  return try_inspect_text(open_tensors(file_of(shapes, folder / "text.safetensors")));
}

}  // namespace

TEST_CASE("the names and shapes of MobileCLIP S0 are Apple's, with branches and fused") {
  CHECK(written(mobileclip::S0, Dialect::apple) == published("mct_text/names_mobileclip_S0_apple"));
  CHECK(written(fused, Dialect::apple) == published("mct_text/names_mobileclip_S0_apple_fused"));
}

TEST_CASE("a file in Apple's names is recognised as MobileCLIP S0") {
  const TemporaryFolder folder;
  const auto inspected_whole = [&](const char* list) {
    return try_inspect(open_tensors(file_of(published(list), folder / "whole.safetensors"))).value();
  };
  const Inspection found = inspected_whole("mct_text/names_mobileclip_S0_apple");
  CHECK(found.name == "mobileclip/S0");
  CHECK(found.dialect == Dialect::apple);
  CHECK(inspected_whole("mct_text/names_mobileclip_S0_apple_fused").config == AnyConfig{fused});
}

TEST_CASE("a file in Apple's names is recognised as MobileCLIP S0's text tower, with branches or fused") {
  const auto found = inspected(of_text(published("mct_text/names_mobileclip_S0_apple"))).value();
  CHECK(std::get<MctTextConfig>(found.config) == mobileclip::S0.text);
  CHECK(found.embed_dim == 512);
  CHECK(found.activation_known);
  CHECK(std::get<FusedMctTextConfig>(
            inspected(of_text(published("mct_text/names_mobileclip_S0_apple_fused"))).value().config) == fused.text);
  Shapes narrow = of_text(published("mct_text/names_mobileclip_S0_apple"));
  narrow["text_encoder.transformer.5.convffn.fc1.weight"] = {1024, 512, 1, 1};
  CHECK(inspected(narrow).error().message().find(
            "transformer.resblocks.5.mlp.fc1.weight has 1024 rows, expected 2048, four times the width") !=
        std::string::npos);
  Shapes cut = of_text(published("mct_text/names_mobileclip_S0_apple"));
  cut.erase("text_encoder.transformer.3.pre_norm_mha.1.qkv_proj.weight");
  CHECK(inspected(cut).error().message().find("no transformer.resblocks.3.mlp.fc1.weight") != std::string::npos);
}

TEST_CASE("only Apple's dialect and ours have names for the hybrid text tower") {
  for (const auto& [dialect, owner] :
       {std::pair{Dialect::openclip, "OpenCLIP"}, {Dialect::huggingface, "transformers"}}) {
    std::vector<TensorToWrite> tensors;
    add_tensors(tensors, "", mobileclip::S0.text, 512);
    const auto refused = try_in_dialect(std::move(tensors), dialect);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message().find("expected openai or apple") != std::string::npos);
    CHECK(refused.error().message().find(std::string(owner) + " has no such CLIP") != std::string::npos);
  }
}

TEST_CASE("MobileCLIP S0 is found by its name, and its configuration returns from JSON") {
  CHECK(find_config("mobileclip/S0") == AnyConfig{mobileclip::S0});
  CHECK(find_config("MobileCLIP-S0") == AnyConfig{mobileclip::S0});
  CHECK(find_config("mobileclip2/S0") == AnyConfig{mobileclip2::S0});
  REQUIRE(find_named(AnyConfig{mobileclip::S0}) != nullptr);
  CHECK(find_named(AnyConfig{mobileclip::S0})->constant == "clip::mobileclip::S0");
  CHECK(licence_of("mobileclip/S0") == "apple-amlr");
  AnyConfig wide{mobileclip::S0};
  std::get<MctTextConfig>(wide.text).mlp_width = 1536;
  for (const AnyConfig& c : {AnyConfig{mobileclip::S0}, AnyConfig{fused}, wide})
    CHECK(try_parse_config(json_text(to_json(c)), "x").value() == c);
  AnyConfig uneven{mobileclip::S0};
  std::get<MctTextConfig>(uneven.text).heads = 7;
  CHECK(check(uneven).error().message().find("heads must divide width") != std::string::npos);
}

TEST_CASE("MobileCLIP S0's description is read and written in Apple's form") {
  const std::string json = R"({"embed_dim": 512, "image_cfg": {"image_size": 256, "model_name": "mci0"},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "dim": 512, "ffn_multiplier_per_layer": 4.0,
                 "n_heads_per_layer": 8, "n_transformer_layers": 4, "norm_layer": "layer_norm_fp32",
                 "causal_masking": false, "model_name": "mct"}})";
  CHECK(try_parse_config(json, "x").value() == AnyConfig{mobileclip::S0});
  const auto with = [&](const std::string& old, const std::string& now) {
    return try_parse_config(std::string(json).replace(json.find(old), old.size(), now), "x");
  };
  AnyConfig wide{mobileclip::S0};
  std::get<MctTextConfig>(wide.text).mlp_width = 1296;  // 512 · 2.53, rounded up to a multiple of 16
  CHECK(with("4.0", "2.53").value() == wide);
  CHECK(with("\"causal_masking\": false", "\"causal_masking\": true").error().message().find("causal_masking") !=
        std::string::npos);
  for (const AnyConfig& c : {AnyConfig{mobileclip::S0}, wide}) {
    auto text = Description<MctTextConfig>::try_write_apple(std::get<MctTextConfig>(c.text), "x").value();
    const JsonTree whole =
        json_object("embed_dim", 512, "image_cfg", json_object("image_size", 256, "model_name", "mci0"), "text_cfg",
                    std::move(text));
    CHECK(try_parse_config(json_text(whole), "x").value() == c);
  }
}

TEST_CASE("the FLOPs of a text are those of its residual blocks and of two RepMixer blocks") {
  const double rows = 77, width = 512;
  const double block = 2 * rows * width * 12 * width + 4 * rows * rows * width,
               mixer = 2 * rows * width * (11 + 11 + 8 * width);
  const double expected = 4 * block + 2 * mixer + 2 * width * 512;
  CHECK(count_flops(AnyConfig{mobileclip::S0}).text == doctest::Approx(expected).epsilon(1e-12));
  CHECK(count_flops(AnyConfig{fused}).text == doctest::Approx(expected).epsilon(1e-12));
}

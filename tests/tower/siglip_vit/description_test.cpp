// SigLIP in files: our JSON, OpenCLIP's, transformers', inference and conversion between namings.
#include <clip/checkpoint/convert_file.hpp>
#include <clip/checkpoint/find_model.hpp>
#include <clip/checkpoint/folder_config.hpp>
#include <clip/checkpoint/infer.hpp>
#include <clip/checkpoint/infer_encoder.hpp>
#include <clip/checkpoint/open.hpp>
#include <clip/formats/npz.hpp>
#include <clip/io/file_bytes.hpp>
#include <clip/io/json.hpp>
#include <clip/model/openclip_json.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace clip;

namespace {

const std::string golden = CLIP_SOURCE_DIR "/tests/golden/siglip/";
constexpr Assumptions two_heads{.image_heads = 2, .text_heads = 2};

struct Folder {
  std::filesystem::path path = std::filesystem::temp_directory_path() / "clip_siglip_description_test";
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
    convert(t, std::span<float>(values));
    all.emplace_back(std::move(name), std::move(values));
  }
  std::sort(all.begin(), all.end());
  return all;
}

Result<AnyConfig> openclip(const std::string& vision, const std::string& text) {
  return try_parse_config(
      R"({"embed_dim": 768, "init_logit_bias": -10, "custom_text": true, "vision_cfg": {)" + vision +
          R"(}, "text_cfg": {"context_length": 64, "width": 768, "heads": 12, "layers": 12, )" + text + "}}",
      "x.json");
}
const std::string base = R"("image_size": 224, "timm_model_name": "vit_base_patch16_siglip_224",
  "timm_model_pretrained": false, "timm_pool": "map", "timm_proj": "none")";
const std::string v1 = R"("vocab_size": 32000, "hf_tokenizer_name": "timm/ViT-B-16-SigLIP",
  "tokenizer_kwargs": {"clean": "canonicalize"}, "no_causal_mask": true, "proj_bias": true, "pool_type": "last",
  "norm_kwargs": {"eps": 1e-6})";

}  // namespace

TEST_CASE("SigLIP: OpenCLIP's files state the model and what OpenCLIP computes with") {
  AnyConfig expected{siglip::ViT_B_16};
  std::get<SiglipVitConfig>(expected.image).activation = Activation::gelu;
  std::get<SiglipTextConfig>(expected.text).activation = Activation::gelu;
  CHECK(openclip(base, v1).value() == expected);
  std::get<SiglipTextConfig>(expected.text).activation = Activation::gelu_tanh;
  std::get<SiglipTextConfig>(expected.text).vocabulary = 256000;
  std::get<SiglipTextConfig>(expected.text).pad = 0;
  CHECK(
      openclip(base, std::string(v1).replace(14, 5, "256000") + R"(, "act_kwargs": {"approximate": "tanh"})").value() ==
      expected);
  // A reduced vocabulary does not tell the padding: the file does.
  SiglipTextConfig& reduced = std::get<SiglipTextConfig>(expected.text);
  reduced.vocabulary = 812;
  const auto written = Description<SiglipTextConfig>::try_write_openclip(reduced, "x.json");
  CHECK((*written)->at("pad_id") == 0);
  CHECK(
      openclip(base, std::string(v1).replace(14, 5, "812") + R"(, "pad_id": 0, "act_kwargs": {"approximate": "tanh"})")
          .value() == expected);
  for (const auto& [vision, text, message] : std::vector<std::array<std::string, 3>>{
           {base + R"(, "timm_drop": 0.1)", v1, "timm_drop: unknown key"},
           {std::string(base).replace(base.find("map"), 3, "avg"), v1, "timm_pool: expected map"},
           {base, v1 + R"(, "act_kwargs": {"approximate": "x"})", "approximate: expected tanh or none"},
           {base, std::string(v1).replace(v1.find("\"proj_bias\": true"), 17, "\"proj_bias\": false"),
            "proj_bias: expected true, or a proj_type of none"}}) {
    const auto found = openclip(vision, text);
    REQUIRE_FALSE(found);
    CHECK_MESSAGE(found.error().message().find(message) != std::string::npos, found.error().message());
  }
}

TEST_CASE("SigLIP: a bare file cannot tell its activation unless its names and sizes do") {
  CHECK(try_inspect(golden + "siglip_transformers.safetensors", two_heads)->activation_by_naming);
  CHECK_FALSE(try_inspect(golden + "siglip_open_clip.safetensors", two_heads)->activation_known);
  const auto unknown = try_open(golden + "siglip_open_clip.safetensors", two_heads);
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().id() == "clip.load.activation");
  CHECK(unknown.error().message().find("SigLIP's with gelu_tanh, instead of which OpenCLIP computes gelu in some") !=
        std::string::npos);
}

TEST_CASE("SigLIP: the naming of a file decides the activation of every published model") {
  // The image towers that timm computes by tanh; the text towers that OpenCLIP does are SigLIP 2's.
  const std::set<std::string_view> by_tanh{"siglip/ViT-SO400M-16-i18n-256", "siglip2/ViT-B-32-256",
                                           "siglip2/ViT-L-16-512",          "siglip2/ViT-SO400M-16-256",
                                           "siglip2/ViT-SO400M-16-384",     "siglip2/ViT-SO400M-16-512",
                                           "siglip2/ViT-gopt-16-256",       "siglip2/ViT-gopt-16-384"};
  using Image = Description<SiglipVitConfig>;
  using Text = Description<SiglipTextConfig>;
  for (const auto& known : Image::published) {
    const SiglipClipConfig& c = known.config;
    CAPTURE(known.name);
    CHECK(Image::activation_by_naming(Dialect::openclip, c.image) ==
          (by_tanh.contains(known.name) ? Activation::gelu_tanh : Activation::gelu));
    CHECK(Text::activation_by_naming(Dialect::openclip, c.text) ==
          (known.name.starts_with("siglip2/") ? Activation::gelu_tanh : Activation::gelu));
    for (const Dialect dialect : {Dialect::huggingface, Dialect::big_vision}) {
      CHECK(Image::activation_by_naming(dialect, c.image) == Activation::gelu_tanh);
      CHECK(Text::activation_by_naming(dialect, c.text) == Activation::gelu_tanh);
    }
    CHECK_FALSE(Image::activation_by_naming(Dialect::openai, c.image));
    CHECK_FALSE(Text::activation_by_naming(Dialect::openai, c.text));
  }
}

TEST_CASE("SigLIP: the namings convert into each other, shapes and values included") {
  const Folder folder;
  const std::string own = folder / "own.safetensors", oc = folder / "oc.safetensors", hf = folder / "hf.safetensors",
                    back = folder / "back.safetensors";
  const auto convert_to = [](const std::string& in, const std::string& out, Dialect dialect) {
    convert_file(in, out, {.dialect = dialect, .assumed = two_heads});
  };
  convert_to(golden + "siglip_transformers.safetensors", oc, Dialect::openclip);
  CHECK(tensors_in(oc) == tensors_in(golden + "siglip_open_clip.safetensors"));
  convert_to(oc, hf, Dialect::huggingface);
  CHECK(tensors_in(hf) == tensors_in(golden + "siglip_transformers.safetensors"));
  convert_to(hf, own, Dialect::openai);
  convert_to(own, back, Dialect::huggingface);
  CHECK(tensors_in(back) == tensors_in(hf));
}

TEST_CASE("SigLIP: big_vision's arrays are written as numpy writes them, and convert back") {
  const Folder folder;
  const std::string plain = golden + "siglip_transformers.safetensors", ours = folder / "ours.npz",
                    back = folder / "back.safetensors";
  convert_file(plain, ours, {.dialect = Dialect::big_vision, .assumed = two_heads});
  const auto arrays = [](const std::string& path) {
    const auto bytes = try_read_bytes(path).value();
    std::map<std::string, std::pair<std::vector<Index>, std::string>> all;
    for (const StoredTensor& array : try_parse_npz(bytes, path).value().arrays)
      all[array.name] = {array.shape, std::string(traits(array.dtype).name) + std::string(as_text(array.bytes))};
    return all;
  };
  CHECK(arrays(ours) == arrays(golden + "siglip_big_vision.npz"));
  convert_file(ours, back, {.dialect = Dialect::huggingface});
  CHECK(tensors_in(back) == tensors_in(plain));
  convert_file(golden + "siglip_big_vision_scanned.npz", folder / "f32.npz",
               {.dialect = Dialect::big_vision, .dtype = Dtype::f32});
  CHECK(tensors_in(folder / "f32.npz") == [&] {
    convert_file(plain, folder / "bf16.npz",
                 {.dialect = Dialect::big_vision, .dtype = Dtype::bf16, .assumed = two_heads});
    return tensors_in(folder / "bf16.npz");
  }());
  // The image tower alone, under its own names and without what stands before them.
  const TensorFile whole = open_tensors(ours);
  std::vector<FileTensor> tensors;
  for (const FileTensor& t : whole.tensors())
    if (t.name.starts_with("img.")) tensors.push_back(t);
  CHECK(try_inspect_image(whole.with(tensors), {})->activation_known);
}

TEST_CASE("SigLIP: what big_vision's arrays cannot hold is refused") {
  const Folder folder;
  const std::string plain = golden + "siglip_transformers.safetensors";
  const auto message = [&](const std::string& out, ConvertOptions how) {
    const auto done = try_convert_file(plain, folder / out, how);
    REQUIRE_FALSE(done);
    CHECK(done.error().kind() == ErrorKind::option);
    return done.error().message().substr(done.error().place().size());
  };
  const ConvertOptions big_vision{.dialect = Dialect::big_vision, .assumed = two_heads};
  CHECK(message("x.safetensors", big_vision) ==
        ": name of weights in the dialect big_vision: expected one that ends in .npz, found x.safetensors");
  CHECK(message("x.npz", {.dialect = Dialect::openai, .assumed = two_heads}) ==
        ": dialect of a file of arrays: expected big_vision, found openai");
  ConvertOptions noted = big_vision;
  noted.metadata = {{"by", "a test"}};
  CHECK(message("x.npz", noted).find(": a file of arrays has no place for metadata") == 0);
  const std::vector<TensorToWrite> others{{"visual.class_embedding", Dtype::f32, {16}, {}, {}}};
  CHECK(try_in_dialect(others, Dialect::big_vision).error().message() ==
        "dialect: for a model that is no SigLIP: expected another, found big_vision, which has no name for "
        "visual.class_embedding");
}

TEST_CASE("SigLIP: folders of transformers describe the model, also what its file leaves open") {
  const Folder folder;
  Assumptions assumed = two_heads;
  const std::string hf = folder / "hf";
  convert_file(golden + "siglip2_transformers.safetensors", hf, {.dialect = Dialect::huggingface, .assumed = assumed});
  const Inspection found = inspect(hf);
  CHECK(found.activation_known);
  CHECK(found.preprocessing_known);
  CHECK(std::get<SiglipVitConfig>(found.config.image).heads == 2);
  CHECK(std::get<SiglipTextConfig>(found.config.text).pad == 1);
  CHECK(found.config.input().preprocessing.resize == ResizeMode::squash);
  CHECK(found.config.logit_bias);
  CHECK(find_model(hf + "/config.json").image == found.config.image);
  // The size of images that 4 × 4 patches of 8 pixels do not fill, and the id of padding.
  const auto replace = [&](const std::string& name, const std::string& from, const std::string& to) {
    std::string text;
    std::getline(std::ifstream{hf + name}, text, '\0');
    REQUIRE(text.find(from) != std::string::npos);
    for (auto at = text.find(from); at != text.npos; at = text.find(from, at + to.size()))
      text.replace(at, from.size(), to);
    std::ofstream{hf + name} << text;
  };
  replace("/config.json", "\"image_size\": 32", "\"image_size\": 36");
  replace("/config.json", "\"pad_token_id\": 1", "\"pad_token_id\": 0");
  replace("/preprocessor_config.json", "\"height\": 32", "\"height\": 36");
  replace("/preprocessor_config.json", "\"width\": 32", "\"width\": 36");
  const AnyConfig changed = inspect(hf).config;
  CHECK(changed.input().image_size == 36);
  CHECK(changed.text_input().row.pad == 0);
  const auto model = open(hf);
  CHECK(model.config() == changed);
}

TEST_CASE("SigLIP: folders of OpenCLIP are written where timm has such a tower") {
  for (const AnyConfig& c : {AnyConfig{siglip2::ViT_B_32_256}, AnyConfig{siglip2::ViT_gopt_16_256},
                             AnyConfig{siglip2::ViT_SO400M_16_512}, AnyConfig{siglip2::ViT_L_16_512}}) {
    const auto files = detail::try_openclip_files(c, "x");
    REQUIRE(files);
    CHECK(try_parse_config(files->front().second, "x").value() == c);
  }
  // OpenCLIP has no way to state GELU by tanh for this image tower.
  const auto files = detail::try_openclip_files(AnyConfig{siglip::ViT_B_16}, "x");
  REQUIRE(files);
  const AnyConfig read = try_parse_config(files->front().second, "x").value();
  CHECK(std::get<SiglipVitConfig>(read.image).activation == Activation::gelu);
  CHECK(std::get<SiglipTextConfig>(read.text).activation == Activation::gelu_tanh);
  CHECK_FALSE(detail::try_huggingface_files(AnyConfig{siglip::ViT_SO400M_16_i18n_256}, Dtype::f32, "x"));
}

TEST_CASE("SigLIP: an embedding that is not as wide as the image tower is refused") {
  auto c = siglip::ViT_B_16;
  c.embed_dim = 512;
  CHECK(check(AnyConfig{c}).error().message().find("embed_dim must be the width of the image tower") !=
        std::string::npos);
}

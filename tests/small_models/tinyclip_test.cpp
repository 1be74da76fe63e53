// Small TinyCLIPs against OpenCLIP: features and each gradient of transformers, a residual network and a model of
// pruned blocks, under every naming. make_tinyclip.py made the numbers.
#include <clip/backend/cpu.hpp>
#include <clip/backend/naive.hpp>
#include <clip/checkpoint/convert_file.hpp>
#include <clip/checkpoint/open.hpp>
#include <clip/checkpoint/open_encoder.hpp>
#include <clip/core/scalar.hpp>
#include <clip/model/model.hpp>
#include <clip/task/agreement.hpp>
#include <clip/tower/clip_resnet/tinyclip.hpp>
#include <clip/tower/clip_vit/tinyclip.hpp>

#include "trained.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace {

using namespace clip;
using namespace clip::testing;

constexpr TextConfig small_text(Index width, Index heads, Index layers) {
  return {.context = 12,
          .vocabulary = 50,
          .width = width,
          .layers = layers,
          .heads = heads,
          .activation = Activation::gelu,
          .epsilon = 1e-5f};
}
constexpr VitConfig small_vit(Index patch, Index width, Index heads, Index layers) {
  return {.image_size = 32,
          .patch_size = patch,
          .width = width,
          .layers = layers,
          .heads = heads,
          .activation = Activation::gelu,
          .epsilon = 1e-5f};
}
inline constexpr VitClipConfig SmallVit{.embed_dim = 12, .image = small_vit(8, 16, 2, 2), .text = small_text(16, 2, 3)};
inline constexpr ResNetClipConfig SmallResNet{
    .embed_dim = 12, .image = {.image_size = 64, .layers = {1, 2, 1, 1}, .width = 4}, .text = small_text(16, 2, 1)};
/// The widths of blocks as pruning leaves them: heads of 64 columns on a stream of 20 and of 12.
inline constexpr VitClipConfig Pruned = [] {
  VitClipConfig c{.embed_dim = 12, .image = small_vit(16, 20, 2, 3), .text = small_text(12, 1, 3)};
  c.image.mlp_width = 24;
  c.image.pruned = {.head_width = 64, .heads = {1, 0, 2}, .hidden = {24, 0, 10}};
  c.text.mlp_width = 16;
  c.text.pruned = {.head_width = 64, .heads = {1, 1, 0}, .hidden = {7, 16, 12}};
  return c;
}();
using Towers = Families<List<VitConfig, ResNetConfig>, List<TextConfig>>;
constexpr Assumptions two_heads{.activation = Activation::gelu, .image_heads = 2, .text_heads = 2};

std::string path_of(const std::string& name) {
  return CLIP_SOURCE_DIR "/tests/golden/tinyclip/" + name + ".safetensors";
}
Expected<Towers> expected_of(const std::string& name) { return {path_of(name + "_expected"), 49}; }

/// A file that is removed with this object.
struct Temporary {
  std::string path;
  explicit Temporary(const std::string& name)
      : path{(std::filesystem::temp_directory_path() / ("clip_tinyclip_test_" + name)).string()} {}
  ~Temporary() { std::filesystem::remove_all(path); }
};

/// The file with every tensor twice: under TinyCLIP's name, and under that of the same model without a wrapper.
TensorFile twice(const TensorFile& file) {
  std::vector<FileTensor> all{file.tensors().begin(), file.tensors().end()};
  for (FileTensor t : file.tensors()) {
    const std::size_t dot = t.name.find('.');
    t.name = t.name.substr(1, dot - 1) + "_without_ddp" + t.name.substr(dot);
    all.push_back(std::move(t));
  }
  return file.with(std::move(all));
}

}  // namespace

TEST_CASE_TEMPLATE("reference numbers: small TinyCLIPs of fixed sizes", B, Cpu<>, Naive<float>) {
  const auto check_fixed = []<class M>(M model, const std::string& name) {
    load(model, path_of(name));
    const auto expected = expected_of(name);
    check_features(model, expected);
    // Batch norms of two images magnify the rounding of plain sums; other models meet the usual bound.
    check_trained(model, expected, name == "resnet" ? ScalarTraits<float>::gradient_tolerance : 2e-5);
  };
  check_fixed(Model<SmallVit, B>{}, "vit");
  check_fixed(Model<SmallResNet, B>{}, "resnet");
  check_fixed(Model<Pruned, B>{}, "auto");
}

TEST_CASE("reference numbers: small TinyCLIPs whose sizes are those of the file, in every naming and back") {
  for (const std::string name : {"vit", "resnet", "auto"}) {
    const auto expected = expected_of(name);
    const AnyConfigOf<Towers> config = name == "vit"      ? AnyConfigOf<Towers>{SmallVit}
                                       : name == "resnet" ? AnyConfigOf<Towers>{SmallResNet}
                                                          : AnyConfigOf<Towers>{Pruned};
    auto model = open<Cpu<>, Towers>(path_of(name), two_heads);
    CHECK(model.config() == config);
    check_features(model, expected);
    for (const Dialect dialect : {Dialect::openai, Dialect::huggingface, Dialect::tinyclip}) {
      if (name == "resnet" && dialect == Dialect::huggingface) continue;
      const Temporary written{name + ".safetensors"};
      save(model, written.path, {.dialect = dialect});
      CHECK(dialect_of<Towers>(open_tensors(written.path)) == dialect);
      const auto again = open<Cpu<>, Towers>(written.path);  // states all that shapes leave open
      CHECK(again.config() == config);
      const Temporary converted{name + "_back.safetensors"};
      convert_file<Towers>(written.path, converted.path, {.dialect = Dialect::tinyclip});
      check_features(open<Cpu<>, Towers>(converted.path), expected);
    }
    check_trained(model, expected);
  }
}

TEST_CASE("TinyCLIP's files of a wrapped model, with masks, and of a model that is stored twice") {
  const auto expected = expected_of("vit");
  const auto found = inspect<Towers>(path_of("vit_ddp"), two_heads);
  CHECK(found.prefix.starts_with("module."));
  CHECK(found.dialect == Dialect::tinyclip);
  check_features(open<Cpu<>, Towers>(path_of("vit_ddp"), two_heads), expected);
  const Temporary converted{"ddp.safetensors"};
  convert_file<Towers>(path_of("vit_ddp"), converted.path, {.dialect = Dialect::tinyclip});  // without the masks
  CHECK(open_tensors(converted.path).tensors().size() == open_tensors(path_of("vit")).tensors().size());

  const TensorFile both = twice(open_tensors(path_of("vit")));
  Model<SmallVit, Cpu<>> model;
  REQUIRE(try_load(model, both));
  check_features(model, expected);
  std::vector<FileTensor> differing{both.tensors().begin(), both.tensors().end()};
  for (FileTensor& t : differing)
    if (t.name == "text_encoder_without_ddp.ln_final.bias") t.parts = both.find("_text_encoder.ln_final.weight")->parts;
  const auto refused = try_load(model, both.with(std::move(differing)));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().id() == "clip.load.ambiguous");
  CHECK(refused.error().message().find("text_encoder_without_ddp.ln_final.bias") != std::string::npos);
}

TEST_CASE("TinyCLIP's student of texts alone opens as a text tower, and a head of timm's becomes ln_post and proj") {
  const TensorFile file = open_tensors(path_of("vit"));
  std::vector<FileTensor> text, timm;
  for (FileTensor t : file.tensors()) {
    if (t.name.starts_with("_text_encoder.")) text.push_back(t);
    const auto rename = [&](std::string_view from, std::string_view to) {
      if (t.name.starts_with(from)) t.name.replace(0, from.size(), to);
    };
    rename("_image_encoder.visual.ln_post.", "_image_encoder.module.visual.model.head.0.");
    if (t.name == "_image_encoder.visual.proj") {
      t.name = "_image_encoder.module.visual.model.head.1.weight";
      t.transposed = !t.transposed;
      std::swap(t.shape[0], t.shape[1]);
    }
    timm.push_back(std::move(t));
  }
  const auto found = try_inspect_text<Towers>(file.with(std::move(text)), {.text_heads = 2});
  REQUIRE(found);
  CHECK(std::get<TextConfig>(found->config) == SmallVit.text);  // the GELU by its naming
  CHECK(found->activation_known);
  Model<SmallVit, Cpu<>> model;
  REQUIRE(try_load(model, file.with(std::move(timm))));
  check_features(model, expected_of("vit"));
}

TEST_CASE("a model of pruned blocks packs, initialises and counts as any other") {
  const auto expected = expected_of("auto");
  auto model = open<Cpu<>, Towers>(path_of("auto"));
  const auto image_features = model.encode_image(expected.images), text_features = model.encode_text(expected.texts);
  model.pack();
  CHECK(as_doubles(model.encode_image(expected.images)) == as_doubles(image_features));
  CHECK(as_doubles(model.encode_text(expected.texts)) == as_doubles(text_features));
  for (const auto& [storage, least] : {std::pair{Storage::bfloat16, 0.999}, {Storage::int8, 0.99}}) {
    auto narrow = open<Cpu<>, Towers>(path_of("auto"));
    narrow.pack(storage);
    Agreement images, texts;
    images.add(image_features, narrow.encode_image(expected.images));
    texts.add(text_features, narrow.encode_text(expected.texts));
    MESSAGE("pruned blocks, ", std::string(storage == Storage::int8 ? "int8" : "bfloat16"), ": least cosine ",
            images.smallest_cosine(), " of images, ", texts.smallest_cosine(), " of texts");
    CHECK(images.smallest_cosine() > least);
    CHECK(texts.smallest_cosine() > least);
    CHECK(images.smallest_cosine() < 1);
  }
}

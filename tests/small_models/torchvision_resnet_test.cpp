// Small CLIPs with ResNets of torchvision against torchvision: features, each gradient and the running statistics, of
// basic and of bottleneck blocks, under every naming. make_torchvision_resnet.py made the numbers.
#include <clip/backend/cpu.hpp>
#include <clip/backend/naive.hpp>
#include <clip/checkpoint/convert_file.hpp>
#include <clip/checkpoint/open.hpp>
#include <clip/checkpoint/open_encoder.hpp>
#include <clip/core/scalar.hpp>
#include <clip/model/model.hpp>
#include <clip/tower/clip_text/description.hpp>
#include <clip/tower/torchvision_resnet/torchvision.hpp>

#include "trained.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <utility>
#include <variant>

namespace {

using namespace clip;
using namespace clip::testing;

using ResNetPair = ClipConfig<TorchvisionResNetConfig, TextConfig>;
inline constexpr TextConfig text_of_one_layer{.context = 12,
                                              .vocabulary = 50,
                                              .width = 16,
                                              .layers = 1,
                                              .heads = 2,
                                              .activation = Activation::gelu,
                                              .epsilon = 1e-5f};
inline constexpr ResNetPair Basic{
    .embed_dim = 12, .image = {.image_size = 70, .layers = {2, 1, 2, 1}, .width = 4}, .text = text_of_one_layer};
inline constexpr ResNetPair Bottlenecks{
    .embed_dim = 12,
    .image = {.image_size = 66, .layers = {1, 2, 1, 1}, .bottleneck = true, .width = 3},
    .text = text_of_one_layer};
using ResNetTowers = Families<List<VitConfig, TorchvisionResNetConfig>, List<TextConfig>>;

std::string resnet_file(const std::string& name) {
  return CLIP_SOURCE_DIR "/tests/golden/torchvision_resnet/" + name + ".safetensors";
}
Expected<ResNetTowers> expected_of_resnet(const std::string& name) { return {resnet_file(name + "_expected"), 49}; }

/// A file that is removed with this object.
struct ResNetOutput {
  std::string path;
  explicit ResNetOutput(const std::string& name)
      : path{(std::filesystem::temp_directory_path() / ("clip_torchvision_test_" + name)).string()} {}
  ~ResNetOutput() { std::filesystem::remove_all(path); }
};

/// Batch norms of two images magnify the rounding of sums of a few pixels.
template <class B>
constexpr double resnet_gradients = ScalarTraits<typename B::Scalar>::gradient_tolerance;

}  // namespace

TEST_CASE_TEMPLATE("reference numbers: small ResNets of torchvision of fixed sizes", B, Cpu<>, Naive<float>) {
  const auto check_fixed = []<class M>(M model, const std::string& name) {
    load(model, resnet_file(name));
    const auto expected = expected_of_resnet(name);
    check_features(model, expected);
    check_trained(model, expected, resnet_gradients<B>);
  };
  check_fixed(Model<Basic, B>{}, "basic");
  check_fixed(Model<Bottlenecks, B>{}, "bottleneck");
}

TEST_CASE("reference numbers: small ResNets of torchvision whose sizes are those of the file, in every naming") {
  for (const std::string name : {"basic", "bottleneck"}) {
    const auto expected = expected_of_resnet(name);
    const ResNetPair config = name == "basic" ? Basic : Bottlenecks;
    const ResNetOutput written{name + ".safetensors"}, alone{name + "_alone.safetensors"};
    {
      AnyModel<Cpu<>, ResNetTowers> model{AnyConfigOf<ResNetTowers>{config}};
      load(model, resnet_file(name));  // shapes leave the size of the images open
      check_features(model, expected);
      save(model, written.path);
      save(model.image, alone.path, {.dialect = Dialect::torchvision});
      const auto refused = try_save(model, written.path, {.dialect = Dialect::torchvision});
      CHECK(refused.error().message().find("no ResNet of torchvision alone") != std::string::npos);
    }
    auto model = open<Cpu<>, ResNetTowers>(written.path);  // states all that shapes leave open
    CHECK(model.config() == AnyConfigOf<ResNetTowers>{config});
    check_features(model, expected);
    check_trained(model, expected, resnet_gradients<Cpu<>>);

    // The tower alone, in torchvision's names: the same bytes, and the same features.
    const TensorFile ours = open_tensors(alone.path), theirs = open_tensors(resnet_file(name + "_alone"));
    CHECK(dialect_of<ResNetTowers>(theirs) == Dialect::torchvision);
    CHECK(ours.tensors().size() == theirs.tensors().size());
    for (const FileTensor& t : theirs.tensors()) {
      const FileTensor* const found = ours.find(t.name);
      REQUIRE(found != nullptr);
      CHECK(found->shape == t.shape);
    }
    AnyImageEncoder<Cpu<>, ResNetTowers::Images> image{config.image, 12};
    load(image, alone.path);
    check_near("alone", as_doubles(image.encode_image(expected.images)), expected("image_features"));
  }
}

TEST_CASE("a classifier of torchvision alone is an image tower, also behind a prefix; nothing states its image size") {
  const auto expected = expected_of_resnet("basic");
  const std::string path = resnet_file("basic_alone");
  const auto found = try_inspect_image<ResNetTowers>(open_tensors(path)).value();
  auto config = std::get<TorchvisionResNetConfig>(found.config);
  CHECK(config.image_size == 224);
  CHECK(config.preprocessing == imagenet_classification);
  CHECK(found.activation_known);
  config.image_size = 70;
  config.preprocessing = Basic.image.preprocessing;
  CHECK(config == Basic.image);
  CHECK(found.embed_dim == 12);

  const TensorFile file = open_tensors(path);
  std::vector<FileTensor> wrapped{file.tensors().begin(), file.tensors().end()};
  for (FileTensor& t : wrapped) t.name = "module.backbone." + t.name;
  AnyImageEncoder<Cpu<>, ResNetTowers::Images> image{config, 12};
  try_load(image, file.with(std::move(wrapped))).value();
  check_near("alone", as_doubles(image.encode_image(expected.images)), expected("image_features"));

  const auto pair = try_inspect<ResNetTowers>(file);
  CHECK(pair.error().message().find("the image tower of a CLIP alone") != std::string::npos);
}

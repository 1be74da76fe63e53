// ResNets of torchvision: the numbers of their weights, checked at compile time, their names and shapes, JSON, FLOPs,
// initial weights, and files that are refused.
#include <clip/checkpoint/infer_encoder.hpp>
#include <clip/families.hpp>
#include <clip/model/config_json.hpp>
#include <clip/model/standalone.hpp>
#include <clip/tower/torchvision_resnet/description.hpp>

#include "../../support/published_names.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <string_view>
#include <variant>

using namespace clip;
using namespace clip::testing;

namespace {

template <TorchvisionResNetConfig C>
constexpr Index weights(Index embed_dim) {
  return count_parameters(TowerOf<C, dyn, Cpu<float>, Residual>{C, embed_dim});
}
static_assert(weights<torchvision::ResNet18>(1000) == 11'689'512);
static_assert(weights<torchvision::ResNet34>(1000) == 21'797'672);
static_assert(weights<torchvision::ResNet50>(1000) == 25'557'032);
static_assert(weights<torchvision::ResNet101>(1000) == 44'549'160);
static_assert(weights<torchvision::ResNet152>(1000) == 60'192'808);
static_assert(weights<torchvision::ResNet34>(0) == 21'284'672);

constexpr TorchvisionResNetConfig small{.image_size = 70, .layers = {2, 1, 2, 1}, .width = 4};
using ResNetOnly = Families<List<TorchvisionResNetConfig>, List<TextConfig>>;

}  // namespace

TEST_CASE("the names and shapes of a ResNet-34 are those of torchvision's file, which is read") {
  const Shapes original = published("torchvision_resnet/names_resnet34_torchvision");
  CHECK(original.size() == 218);
  std::vector<TensorToWrite> tensors;
  add_tensors(tensors, "visual.", torchvision::ResNet34, 1000);
  CHECK(in_dialect(tensors, Dialect::torchvision) == original);
  Shapes in_pair;  // OpenAI's naming: visual. before them
  for (const auto& [name, shape] : original) in_pair["visual." + name] = shape;
  CHECK(in_dialect(tensors, Dialect::openai) == in_pair);

  auto expected = torchvision::ResNet34;
  CHECK(std::get<TorchvisionResNetConfig>(try_inspect_image(without_values(in_pair)).value().config) == expected);
  const auto found = try_inspect_image(without_values(original)).value();
  CHECK(found.embed_dim == 1000);
  CHECK_FALSE(found.without_projection);
  expected.preprocessing = imagenet_classification;
  CHECK(std::get<TorchvisionResNetConfig>(found.config) == expected);
}

TEST_CASE("bottlenecks and the depth of a ResNet follow from its shapes") {
  for (const TorchvisionResNetConfig& c : {torchvision::ResNet18, torchvision::ResNet50, torchvision::ResNet152}) {
    std::vector<TensorToWrite> tensors;
    add_tensors(tensors, "visual.", c, 512);
    const auto found = try_inspect_image(without_values(in_dialect(std::move(tensors), Dialect::openai))).value();
    CHECK(std::get<TorchvisionResNetConfig>(found.config) == c);
    CHECK(found.embed_dim == 512);
  }
}

TEST_CASE("a wide ResNet and a ResNeXt are recognised, and refused") {
  std::vector<TensorToWrite> tensors;
  add_tensors(tensors, "visual.", torchvision::ResNet50, 1000);
  Shapes wide = in_dialect(std::move(tensors), Dialect::torchvision);
  for (auto& [name, shape] : wide)
    if (name.starts_with("layer") && name.find("conv2") != name.npos) shape[0] = shape[1] = 2 * shape[0];
  wide["layer1.0.conv1.weight"][0] = 128;
  const auto error = try_inspect_image(without_values(wide)).error();
  CHECK(error.message().find("visual.layer1.0: a block of 128 and 128 channels on a stem of 64 is of a wide ResNet") !=
        std::string::npos);
  wide["layer1.0.conv2.weight"] = {128, 4, 3, 3};
  CHECK(try_inspect_image(without_values(wide)).error().message().find("or a ResNeXt") != std::string::npos);
}

TEST_CASE("a pair with a ResNet of torchvision is written and read as JSON; OpenCLIP and transformers have none") {
  const ClipConfig<TorchvisionResNetConfig, TextConfig> pair{.embed_dim = 12, .image = small, .text = RN50.text};
  for (const bool bottleneck : {false, true}) {
    AnyConfig c{pair};
    std::get<TorchvisionResNetConfig>(c.image).bottleneck = bottleneck;
    c.preprocessing().resize_to = 80;
    CHECK(try_parse_config(config_text(c), "x.json").value() == c);
  }
  using Family = Description<TorchvisionResNetConfig>;
  CHECK(Family::try_write_openclip(small, "x").error().message() ==
        "x: dialect for a residual network of torchvision: expected openai or torchvision, found openclip: its "
        "descriptions have no such tower");
  CHECK_FALSE(Family::try_write_huggingface(small, 12, "x"));
}

TEST_CASE("FLOPs of ResNets are twice the multiply-adds that torchvision states") {
  const auto giga = [](const TorchvisionResNetConfig& c) {
    return Description<TorchvisionResNetConfig>::count_flops(c, 1000) / 2e9;
  };
  CHECK(giga(torchvision::ResNet18) == doctest::Approx(1.814).epsilon(0.001));
  CHECK(giga(torchvision::ResNet34) == doctest::Approx(3.664).epsilon(0.001));
  CHECK(giga(torchvision::ResNet50) == doctest::Approx(4.089).epsilon(0.001));
  CHECK(giga(torchvision::ResNet152) == doctest::Approx(11.514).epsilon(0.001));
}

TEST_CASE("impossible sizes of a ResNet of torchvision are sentences") {
  const auto said = [](auto change) {
    TorchvisionResNetConfig c = small;
    change(c);
    const char* const sentence = problem(c);
    return std::string(sentence == nullptr ? "" : sentence);
  };
  CHECK(said([](auto&) {}).empty());
  CHECK(said([](auto& c) { c.image_size = 0; }) == "TorchvisionResNetConfig: image_size must be 1 ... 32768");
  CHECK(said([](auto& c) { c.layers[2] = 0; }) == "TorchvisionResNetConfig: every stage needs at least one block");
  CHECK(said([](auto& c) { c.layers[3] = 5000; }) == "TorchvisionResNetConfig: a stage must have at most 4096 blocks");
  CHECK(said([](auto& c) { c.width = Index{1} << 20; }) == "TorchvisionResNetConfig: width must be 1 ... 524288");
  CHECK(said([](auto& c) { c.channels = 1; }) == "TorchvisionResNetConfig: channels must be 3");
}

TEST_CASE("initial weights of a ResNet are torchvision's") {
  using Tower18 = TowerOf<torchvision::ResNet18, dyn, Cpu<float>, Residual>;
  const Standalone tower{Tower18{torchvision::ResNet18, 100}, Rng{7}};
  int convolutions = 0;
  visit_parameters(tower, [&](std::string_view name, const auto& p) {
    double squares = 0;
    for (Index i = 0; i < p.count(); ++i) squares += static_cast<double>(p.data[i]) * static_cast<double>(p.data[i]);
    const double found = std::sqrt(squares / static_cast<double>(p.count()));
    CAPTURE(name);
    const auto near = [](double x) { return doctest::Approx(x).epsilon(0.05); };
    if (p.shape.rank == 4) {  // He et al. 2015, of the outputs
      CHECK(found == near(std::sqrt(2.0 / static_cast<double>(p.shape[0] * p.shape[2] * p.shape[3]))));
      ++convolutions;
    } else if (name == "fc.weight") {
      CHECK(found == near(1 / std::sqrt(3.0 * 512)));
    } else if (name.find("bn") != name.npos && name.ends_with(".weight")) {
      CHECK(found == 1);
    } else if (name.find("bn") != name.npos && name.ends_with(".bias")) {
      CHECK(found == 0);
    }
  });
  CHECK(convolutions == 20);
}

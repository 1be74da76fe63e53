// Numbers of weights of Apple's MobileCLIP models, checked at compile time, and their published names and shapes.
#include <clip/model/catalogue.hpp>
#include <clip/model/config_json.hpp>
#include <clip/model/licence.hpp>
#include <clip/tower/mci/description.hpp>

#include "../../support/published_names.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

using namespace clip;
using namespace clip::testing;

namespace {

template <auto C>
constexpr Index weights(Index embed_dim) {
  return count_parameters(TowerOf<C, dyn, Cpu<float>, Residual>{C, embed_dim});
}

// The numbers of Apple's and timm's modules; timm's have a bias of the head.
static_assert(weights<mobileclip2::S0.image>(512) == 11'406'464 + 512);
static_assert(weights<mobileclip::S1.image>(512) == 21'541'120 + 512);
static_assert(weights<mobileclip::S2.image>(512) == 35'814'720 + 512);
static_assert(weights<mobileclip2::S3.image>(768) == 125'235'648);
static_assert(weights<mobileclip2::S4.image>(768) == 321'784'832);
static_assert(weights<mci_config<true>(mobileclip2::S0.image)>(512) == 11'356'992 + 512);
static_assert(weights<mci_config<true>(mobileclip::S2.image)>(512) == 35'702'480 + 512);
static_assert(weights<mci_config<true>(mobileclip2::S4.image)>(768) == 321'569'664);
static_assert(weights<mobileclip::S1.text>(512) == 63'428'096);
static_assert(weights<mobileclip2::S3.text>(768) == 123'650'304);
// JettCLIP: two tables of 248 positions instead of one of 77.
static_assert(weights<jettclip::S0.image>(512) == 11'406'464 + 512 && weights<jettclip::S0.text>(512) == 63'642'624);
static_assert(weights<jettclip::S2.image>(512) == 35'814'720 + 512 && weights<jettclip::S2.text>(512) == 63'642'624);
static_assert(!jettclip::S0.text.causal && jettclip::S0.text.row().attends_pad);

}  // namespace

TEST_CASE("MobileCLIP's names and shapes are those of OpenCLIP") {
  CHECK(written(mobileclip::S1, Dialect::openclip) == published("mci/names_mobileclip_S1_open_clip"));
  CHECK(written(mobileclip2::S3, Dialect::openclip) == published("mci/names_mobileclip2_S3_open_clip"));
  std::vector<TensorToWrite> fused;
  add_tensors(fused, "visual.", mci_config<true>(mobileclip2::S3.image), 768);
  CHECK(in_dialect(std::move(fused), Dialect::openclip) == published("mci/names_mobileclip2_S3_image_fused_open_clip"));
}

TEST_CASE("MobileCLIP's names and shapes in Apple's dialect are those of its repository, with branches and fused") {
  const auto fused = [](const MciClipConfig& c) {
    return ClipConfig<FusedMciConfig, TextConfig>{
        .embed_dim = c.embed_dim, .image = mci_config<true>(c.image), .text = c.text};
  };
  CHECK(written(mobileclip::S1, Dialect::apple) == published("mci/names_mobileclip_S1_apple"));
  CHECK(written(mobileclip::S2, Dialect::apple) == published("mci/names_mobileclip_S2_apple"));
  CHECK(written(fused(mobileclip::S1), Dialect::apple) == published("mci/names_mobileclip_S1_apple_fused"));
  CHECK(written(fused(mobileclip::S2), Dialect::apple) == published("mci/names_mobileclip_S2_apple_fused"));
}

TEST_CASE("Apple's dialect has no names for a fifth stage, for other towers and for a bias of the head") {
  const auto refused = [](auto config, const std::string& prefix) {
    std::vector<TensorToWrite> tensors;
    add_tensors(tensors, prefix, config, 8);
    const auto result = try_in_dialect(std::move(tensors), Dialect::apple);
    REQUIRE_FALSE(result);
    return std::string(result.error().message());
  };
  CHECK(refused(mobileclip2::S3.image, "visual.").find("apple, which has no name for visual.trunk.stages.4.") !=
        std::string::npos);
  CHECK(refused(ViT_B_32.image, "visual.").find("apple, which has no name for visual.") != std::string::npos);
  std::vector<TensorToWrite> tensors;
  add_tensors(tensors, "visual.", mobileclip::S1.image, 512);
  const std::vector<float> bias{0, 0, 0.5f};
  for (TensorToWrite& t : tensors)
    if (t.name == "visual.trunk.head.fc.bias") t.bytes = std::as_bytes(std::span{bias});
  const auto result = try_in_dialect(std::move(tensors), Dialect::apple);
  REQUIRE_FALSE(result);
  CHECK(result.error().kind() == ErrorKind::option);
  CHECK(std::string(result.error().message()) ==
        "dialect: for a model whose visual.trunk.head.fc.bias is not zero: expected another, found apple, which has no "
        "such tensor");
}

TEST_CASE("MobileCLIP is found by its name, and its configuration returns from JSON") {
  CHECK(find_config("mobileclip/S2") == AnyConfig{mobileclip::S2});
  CHECK(find_config("mobileclip2/S4") == AnyConfig{mobileclip2::S4});
  CHECK(find_config("MobileCLIP-S1") == AnyConfig{mobileclip::S1});
  CHECK(find_config("apple/MobileCLIP-S2-OpenCLIP") == AnyConfig{mobileclip::S2});
  CHECK(find_config("MobileCLIP2-S3") == AnyConfig{mobileclip2::S3});
  CHECK_FALSE(try_find_config("S1"));
  CHECK(licence_of("mobileclip/S1") == "apple-amlr");
  for (const AnyConfig& c :
       {AnyConfig{mobileclip::S1}, AnyConfig{mobileclip2::S3},
        AnyConfig{ClipConfig<FusedMciConfig, TextConfig>{
            .embed_dim = 768, .image = mci_config<true>(mobileclip2::S3.image), .text = mobileclip2::S3.text}}})
    CHECK(try_parse_config(json_text(to_json(c)), "x").value() == c);
}

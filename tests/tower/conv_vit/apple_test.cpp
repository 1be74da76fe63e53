// Numbers of weights of Apple's MobileCLIP-B, checked at compile time, and its published names and shapes.
#include <clip/io/json.hpp>
#include <clip/model/catalogue.hpp>
#include <clip/model/config_json.hpp>
#include <clip/tower/conv_vit/description.hpp>

#include "../../support/published_names.hpp"

#include <doctest/doctest.h>

using namespace clip;
using namespace clip::testing;

namespace {

template <auto C>
constexpr Index weights(Index embed_dim) {
  return count_parameters(TowerOf<C, dyn, Cpu<float>, Residual>{C, embed_dim});
}

// The numbers of timm's modules, running statistics not among them.
static_assert(weights<mobileclip::B.image>(512) == 86'349'056);
static_assert(weights<mobileclip::B_LT.image>(512) == 86'349'056);
static_assert(weights<mobileclip2::B.image>(512) == 86'349'056);
static_assert(weights<mobileclip::B.text>(512) == 63'428'096);
static_assert(weights<jettclip::B.image>(512) == 86'349'056 && weights<jettclip::B.text>(512) == 63'642'624);
static_assert(jettclip::B.text.causal);

}  // namespace

TEST_CASE("MobileCLIP-B's names and shapes are those of OpenCLIP and of Apple") {
  CHECK(written(mobileclip::B, Dialect::openclip) == published("conv_vit/names_mobileclip_B_open_clip"));
  CHECK(written(mobileclip::B, Dialect::apple) == published("conv_vit/names_mobileclip_B_apple"));
}

TEST_CASE("MobileCLIP-B is found by its name, and its configuration returns from JSON") {
  CHECK(find_config("mobileclip/B") == AnyConfig{mobileclip::B});
  CHECK(find_config("mobileclip/B-LT") == AnyConfig{mobileclip::B_LT});
  CHECK(find_config("apple/MobileCLIP-B-LT-OpenCLIP") == AnyConfig{mobileclip::B_LT});
  CHECK(find_config("MobileCLIP2-B") == AnyConfig{mobileclip2::B});
  AnyConfig apples{mobileclip::B};  // as Apple's code computes it
  std::get<ConvVitConfig>(apples.image).stem_padding = 1;
  std::get<ConvVitConfig>(apples.image).epsilon = 1e-5f;
  for (const AnyConfig& c : {AnyConfig{mobileclip::B}, apples}) {
    CHECK(try_parse_config(json_text(to_json(c)), "x").value() == c);
    REQUIRE(find_named(c) != nullptr);
    CHECK(find_named(c)->name == "mobileclip/B");
  }
  std::get<ConvVitConfig>(apples.image).epsilon = 1e-6f;  // neither implementation's
  CHECK(find_named(apples) == nullptr);
  CHECK(try_parse_config(R"({"embed_dim": 512, "image": {"kind": "conv_vit"}, "text": {}})", "x")
            .error()
            .message()
            .find("image.stem_padding") != std::string::npos);
}

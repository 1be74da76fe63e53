// The number of weights of Apple's MobileCLIP 2 L-14, checked at compile time, and its published names and shapes.
#include <clip/model/catalogue.hpp>
#include <clip/model/config_json.hpp>
#include <clip/tower/clip_vit/description.hpp>

#include "../../support/published_names.hpp"

#include <doctest/doctest.h>

using namespace clip;
using namespace clip::testing;

namespace {

template <auto C>
constexpr Index weights(Index embed_dim) {
  return count_parameters(TowerOf<C, dyn, Cpu<float>, Residual>{C, embed_dim});
}

static_assert(weights<mobileclip2::L_14.image>(768) == 303'966'976);
static_assert(weights<mobileclip2::L_14.text>(768) == 123'650'304);
static_assert(weights<mobileclip2::L_14.image>(768) == weights<ViT_L_14.image>(768) + 768);  // the bias

}  // namespace

TEST_CASE("MobileCLIP 2 L-14's names and shapes are those of OpenCLIP, and OpenAI's L/14 keeps its own") {
  CHECK(written(mobileclip2::L_14, Dialect::openclip) == published("clip_vit/names_mobileclip2_L-14_open_clip"));
  CHECK(written(ViT_L_14, Dialect::openclip) == written(ViT_L_14, Dialect::openai));
}

TEST_CASE("MobileCLIP 2 L-14 is found by its name, its configuration returns from JSON, and transformers has none") {
  CHECK(find_config("mobileclip2/L-14") == AnyConfig{mobileclip2::L_14});
  CHECK(find_config("MobileCLIP2-L-14") == AnyConfig{mobileclip2::L_14});
  CHECK(find_config("ViT-L/14") == AnyConfig{ViT_L_14});
  const AnyConfig c{mobileclip2::L_14};
  CHECK(try_parse_config(json_text(to_json(c)), "x").value() == c);
  REQUIRE(find_named(c) != nullptr);
  CHECK(find_named(c)->name == "mobileclip2/L-14");
  std::vector<TensorToWrite> tensors;
  add_tensors(tensors, "visual.", mobileclip2::L_14.image, 768);
  const auto refused = try_in_dialect(std::move(tensors), Dialect::huggingface);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind() == ErrorKind::option);
}

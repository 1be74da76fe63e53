// Numbers of weights of Long-CLIP's models, checked at compile time, their published names and shapes, and their names.
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
template <auto C>
constexpr Index total = weights<C.image>(C.embed_dim) + weights<C.text>(C.embed_dim) + 1;

// Both tables of positions counted.
static_assert(total<longclip::B> == 149'835'265);
static_assert(total<longclip::L> == 427'938'305);
static_assert(problem(TextConfig{.context = 20,
                                 .vocabulary = 60,
                                 .width = 8,
                                 .layers = 1,
                                 .heads = 1,
                                 .activation = Activation::gelu,
                                 .epsilon = 1e-5f,
                                 .two_tables = true}) != nullptr);

}  // namespace

TEST_CASE("Long-CLIP's names and shapes are those of its repository, and of transformers with one table of positions") {
  CHECK(written(longclip::B, Dialect::openai) == published("clip_vit/names_longclip_B_original"));
  CHECK(written(longclip::L, Dialect::openai) == published("clip_vit/names_longclip_L_original"));
  CHECK(written(longclip::L, Dialect::huggingface) == published("clip_vit/names_longclip_L_transformers"));
  Shapes folded = published("clip_vit/names_longclip_B_original");  // OpenCLIP has one table, too
  folded.erase("positional_embedding_res");
  CHECK(written(longclip::B, Dialect::openclip) == folded);
}

TEST_CASE("Long-CLIP is found by its name, and its configuration returns from JSON") {
  CHECK(find_config("longclip/B") == AnyConfig{longclip::B});
  CHECK(find_config("BeichenZhang/LongCLIP-L") == AnyConfig{longclip::L});
  CHECK(find_config("LongCLIP-B") == AnyConfig{longclip::B});
  CHECK(find_config("jettclip/S2") == AnyConfig{jettclip::S2});
  CHECK_FALSE(try_find_config("L"));
  AnyConfig c{longclip::L};
  CHECK(try_parse_config(json_text(to_json(c)), "x").value() == c);
  for (const bool two_tables : {true, false}) {  // the fold is the same model
    std::get<TextConfig>(c.text).two_tables = two_tables;
    REQUIRE(find_named(c) != nullptr);
    CHECK(find_named(c)->name == "longclip/L");
  }
  std::get<TextConfig>(c.text).context = 77;
  CHECK(find_named(c)->name == "ViT-L/14");
}

#include <clip/config/clip.hpp>
#include <clip/tower/clip_vit/openai.hpp>

#include "../support/small_models.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <string>

using namespace clip;

namespace {

using Config = ClipConfig<VitConfig, TextConfig>;

/// The error message of a configuration after one change.
template <class Change>
std::string sentence(Change change) {
  Config c = testing::Tiny;
  change(c);
  const auto result = check(c);
  return result ? "" : result.error().message();
}

// problem() works at compile time, too.
constexpr bool refuses(Index heads) {
  VitConfig c = testing::Tiny.image;
  c.heads = heads;
  return problem(c) != nullptr;
}
static_assert(refuses(3) && refuses(0) && !refuses(4) && problem(testing::Tiny.text) == nullptr);

}  // namespace

TEST_CASE("a possible configuration has no problem") {
  CHECK(check(testing::Tiny));
  CHECK(check(testing::Odd));
  CHECK(check(ViT_B_32));
  CHECK(check(ViT_L_14_336px));
}

TEST_CASE("an impossible configuration fails with one sentence") {
  CHECK(sentence([](Config& c) { c.image.patch_size = 4; }) == "config: VitConfig: patch_size must divide image_size");
  CHECK(sentence([](Config& c) { c.image.heads = 3; }) == "config: VitConfig: heads must divide width");
  CHECK(sentence([](Config& c) { c.image.layers = 0; }) == "config: VitConfig: sizes must be positive");
  CHECK(sentence([](Config& c) { c.image.patch_size = 0; }) == "config: VitConfig: sizes must be positive");
  CHECK(sentence([](Config& c) { c.image.mlp_width = -4; }) == "config: VitConfig: sizes must be positive");
  CHECK(sentence([](Config& c) { c.image.channels = 1; }) == "config: VitConfig: channels must be 3");
  CHECK(sentence([](Config& c) { c.text.heads = 3; }) == "config: TextConfig: heads must divide width");
  CHECK(sentence([](Config& c) { c.text.context = 1; }) ==
        "config: TextConfig: sizes must be positive, context and vocabulary at least 2");
  CHECK(sentence([](Config& c) { c.embed_dim = 0; }) == "config: embed_dim: expected 1 or more, found 0");
}

TEST_CASE("a configuration with a dyn size is an error at run time") {
  CHECK(sentence([](Config& c) { c.image.width = dyn; }) ==
        "config: a size is left open: every size of a model must be given");
  CHECK(sentence([](Config& c) { c = DynamicVit; }) ==
        "config: a size is left open: every size of a model must be given");
}

TEST_CASE("sizes whose products could overflow, or whose weights fit no machine, are errors") {
  constexpr Index huge = std::numeric_limits<Index>::max();
  CHECK(sentence([](Config& c) { c.image.width = huge; }) == "config: VitConfig: sizes must be at most 16777216");
  CHECK(sentence([](Config& c) { c.image.mlp_width = huge; }) == "config: VitConfig: sizes must be at most 16777216");
  CHECK(sentence([](Config& c) { c.image.layers = huge; }) == "config: VitConfig: layers must be at most 4096");
  CHECK(sentence([](Config& c) { c.image.image_size = c.image.patch_size = huge; }) ==
        "config: VitConfig: image_size and patch_size must be at most 32768");
  CHECK(sentence([](Config& c) { c.image.width = largest_extent; }) == "config: VitConfig: more than 2^37 weights");
  CHECK(sentence([](Config& c) { c.text.vocabulary = huge; }) == "config: TextConfig: sizes must be at most 16777216");
  CHECK(sentence([](Config& c) { c.text.layers = huge; }) == "config: TextConfig: layers must be at most 4096");
  CHECK(sentence([](Config& c) { c.text.width = largest_extent; }) == "config: TextConfig: more than 2^37 weights");
  CHECK(sentence([](Config& c) { c.embed_dim = huge; }) ==
        "config: embed_dim: expected at most 16777216, found " + std::to_string(huge));
}

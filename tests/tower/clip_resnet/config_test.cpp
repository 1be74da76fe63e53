#include <clip/config/clip.hpp>
#include <clip/tower/clip_resnet/config.hpp>
#include <clip/tower/clip_resnet/openai.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace clip;

namespace {

/// The error message of a configuration after one change.
template <class Change>
std::string sentence(Change change) {
  ResNetClipConfig c = RN50;
  change(c.image);
  const auto result = check(c);
  return result ? "" : result.error().message();
}

// A stage of RN50 by hand: 512 input channels, 256 in the 3×3 convolution, 1024 output channels.
static_assert(RN50.image.first(2) == BottleneckConfig{.in = 512, .planes = 256, .stride = 2, .downsample = true});
static_assert(RN50.image.further(2) == BottleneckConfig{.in = 1024, .planes = 256});
static_assert(RN50.image.first(0) == BottleneckConfig{.in = 64, .planes = 64, .stride = 1, .downsample = true});
static_assert(RN50.image.further_blocks(2) == 5 && RN50.image.first(3).out() == RN50.image.features());

// Sizes derived from a dyn size are dyn, and no others.
constexpr ResNetConfig of_open_width = [] {
  ResNetConfig c = RN50.image;
  c.width = dyn;
  return c;
}();
static_assert(!of_open_width.fixed() && of_open_width.features() == dyn && of_open_width.heads() == dyn &&
              of_open_width.tokens() == 50);
static_assert(of_open_width.first(1).in == dyn && of_open_width.first(1).out() == dyn &&
              of_open_width.further_blocks(1) == 3);
static_assert(problem(of_open_width) == nullptr);

}  // namespace

TEST_CASE("an impossible ResNet fails with one sentence") {
  CHECK(sentence([](ResNetConfig&) {}) == "");
  CHECK(sentence([](ResNetConfig& c) { c.width = 0; }) == "config: ResNetConfig: sizes must be positive");
  CHECK(sentence([](ResNetConfig& c) { c.image_size = -32; }) == "config: ResNetConfig: sizes must be positive");
  CHECK(sentence([](ResNetConfig& c) { c.layers[3] = 0; }) ==
        "config: ResNetConfig: every stage needs at least one block");
  CHECK(sentence([](ResNetConfig& c) { c.image_size = 225; }) ==
        "config: ResNetConfig: image_size must be a multiple of 32");
  CHECK(sentence([](ResNetConfig& c) { c.width = 63; }) ==
        "config: ResNetConfig: width must be even, so that heads of 64 columns divide the features");
  CHECK(sentence([](ResNetConfig& c) { c.channels = 1; }) == "config: ResNetConfig: channels must be 3");
  CHECK(sentence([](ResNetConfig& c) { c.layers[0] = dyn; }) ==
        "config: a size is left open: every size of a model must be given");
}

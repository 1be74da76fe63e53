#include <clip/config/vit.hpp>
#include <clip/image/policy.hpp>

#include <doctest/doctest.h>

using namespace clip;

namespace {
struct Bilinear {
  Interpolation interpolation = Interpolation::bilinear;
};
struct All {
  ResizeMode resize = ResizeMode::squash;
  Interpolation interpolation = Interpolation::bilinear;
  ColorOrder color_order = ColorOrder::huggingface;
};
struct Unrelated {
  int resize = 3;
};

static_assert(ResizePolicy{} == ResizePolicy{ResizeMode::shortest, Interpolation::bicubic, ColorOrder::openai});
static_assert(resize_policy(Bilinear{}) == ResizePolicy{ResizeMode::shortest, Interpolation::bilinear, ColorOrder::openai});
static_assert(resize_policy(All{}) == ResizePolicy{ResizeMode::squash, Interpolation::bilinear, ColorOrder::huggingface});
static_assert(resize_policy(Unrelated{}) == ResizePolicy{});
}  // namespace

TEST_CASE("a configuration's policy is what it names, and OpenAI's where it names nothing") {
  All config;
  config.resize = ResizeMode::shortest;
  CHECK(resize_policy(config) == ResizePolicy{ResizeMode::shortest, Interpolation::bilinear, ColorOrder::huggingface});
}

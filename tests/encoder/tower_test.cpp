// Names, shapes and numbers of parameters of OpenAI's models, from types alone: nothing is allocated.
#include <clip/autograd/walk.hpp>
#include <clip/backend/naive.hpp>
#include <clip/config/openai.hpp>
#include <clip/encoder/tower.hpp>

#include "../support/names.hpp"

#include <doctest/doctest.h>

using namespace clip;
using namespace clip::testing;

namespace {

using B = Naive<float>;

/// A model's parameters without its memory.
template <const auto& Config>
struct Weightless {
  TowerOf<Config.image, Config.embed_dim, B, Residual> visual;
  TowerOf<Config.text, Config.embed_dim, B, Residual> text;
  Parameter<float> logit_scale{{}, Init::zeros()};

  static constexpr void members(auto& self, auto&& visit) {
    visit("visual", self.visual);
    visit("", self.text);
    visit("logit_scale", self.logit_scale);
  }
};

static_assert(count_parameters(Weightless<ViT_B_32>{}) == 151'277'313);
static_assert(count_parameters(Weightless<ViT_B_16>{}) == 149'620'737);
static_assert(count_parameters(Weightless<ViT_L_14>{}) == 427'616'513);
static_assert(count_parameters(Weightless<ViT_L_14_336px>{}) == 427'944'193);

// Where every size is in the type, a tower holds parameters and nothing else.
static_assert(std::is_same_v<TowerOf<ViT_B_32.image, 512, B, Residual>, VisionTransformer<ViT_B_32.image, 512, B>>);
static_assert(std::is_same_v<TowerOf<ViT_B_32.text, 512, B, Residual>, TextTransformer<ViT_B_32.text, 512, B>>);

}  // namespace

TEST_CASE("names and shapes are those of the published checkpoints") {
  CHECK(named_shapes(Weightless<ViT_B_32>{}) == published_list(ViT_B_32));
  CHECK(named_shapes(Weightless<ViT_L_14_336px>{}) == published_list(ViT_L_14_336px));
  CHECK(published_list(ViT_B_32).size() == 302);
}

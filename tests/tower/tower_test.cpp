// Names, shapes and numbers of parameters of OpenAI's and OpenCLIP's models, from types alone, without allocation.
#include <clip/autograd/walk.hpp>
#include <clip/backend/naive.hpp>
#include <clip/tower/clip_resnet/openai.hpp>
#include <clip/tower/clip_vit/openclip.hpp>
#include <clip/tower/list.hpp>

#include "../support/names.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

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
static_assert(count_parameters(Weightless<laion::ViT_B_32>{}) == 151'277'313);
static_assert(count_parameters(Weightless<laion::ViT_B_16>{}) == 149'620'737);
static_assert(count_parameters(Weightless<laion::ViT_L_14>{}) == 427'616'513);
static_assert(count_parameters(Weightless<laion::ViT_L_14_336>{}) == 427'944'193);
static_assert(count_parameters(Weightless<laion::ViT_H_14>{}) == 986'109'441);
static_assert(count_parameters(Weightless<laion::ViT_g_14>{}) == 1'366'678'273);
static_assert(count_parameters(Weightless<laion::ViT_bigG_14>{}) == 2'539'567'105);

static_assert(count_parameters(Weightless<RN50>{}) == 102'007'137);
static_assert(count_parameters(Weightless<RN101>{}) == 119'688'033);
static_assert(count_parameters(Weightless<RN50x4>{}) == 178'300'601);
static_assert(count_parameters(Weightless<RN50x16>{}) == 290'979'217);
static_assert(count_parameters(Weightless<RN50x64>{}) == 623'258'305);

template <const auto& Config>
inline constexpr Index image_parameters = count_parameters(TowerOf<Config.image, Config.embed_dim, B, Residual>{});
template <const auto& Config>
inline constexpr Index text_parameters = count_parameters(TowerOf<Config.text, Config.embed_dim, B, Residual>{});
static_assert(image_parameters<RN50> == 38'316'896 && text_parameters<RN50> == 63'690'240);
static_assert(image_parameters<RN101> == 56'259'936 && text_parameters<RN101> == 63'428'096);
static_assert(image_parameters<RN50x4> == 87'137'080 && text_parameters<RN50x4> == 91'163'520);
static_assert(image_parameters<RN50x16> == 167'328'912 && text_parameters<RN50x16> == 123'650'304);
static_assert(image_parameters<RN50x64> == 420'380'352 && text_parameters<RN50x64> == 202'877'952);

// If every size is in the type, a tower holds only parameters.
static_assert(std::is_same_v<TowerOf<ViT_B_32.image, 512, B, Residual>, VisionTransformer<ViT_B_32.image, 512, B>>);
static_assert(std::is_same_v<TowerOf<RN50.image, 1024, B, Residual>, ModifiedResNet<RN50.image, 1024, B>>);
static_assert(std::is_same_v<TowerOf<ViT_B_32.text, 512, B, Residual>, TextTransformer<ViT_B_32.text, 512, B>>);

}  // namespace

TEST_CASE("names and shapes are those of the published checkpoints") {
  CHECK(named_shapes(Weightless<ViT_B_32>{}) == published_list(ViT_B_32));
  CHECK(named_shapes(Weightless<ViT_L_14_336px>{}) == published_list(ViT_L_14_336px));
  CHECK(published_list(ViT_B_32).size() == 302);
}

TEST_CASE("names and shapes of a ResNet are those that OpenCLIP's module saves") {
  NamedShapes expected;
  std::ifstream list{CLIP_SOURCE_DIR "/tests/golden/rn50_names.txt"};
  for (std::string line; std::getline(list, line);) {
    std::istringstream words{line};
    std::string name;
    words >> name;
    Shape& shape = expected[name];
    for (Index extent = 0; words >> extent;) shape.extent[static_cast<std::size_t>(shape.rank++)] = extent;
  }
  CHECK(expected.size() == 489);
  CHECK(named_shapes(Weightless<RN50>{}) == expected);
}

TEST_CASE("sizes known only at run time give the same names and shapes") {
  const TowerOf<DynamicResNet.image, dyn, B, Residual> open{RN50x4.image, RN50x4.embed_dim};
  CHECK(named_shapes(open) == named_shapes(TowerOf<RN50x4.image, RN50x4.embed_dim, B, Residual>{}));
}

#include <clip/backend/naive.hpp>
#include <clip/model/model.hpp>

#include "../support/matrix.hpp"
#include "../support/small_models.hpp"

#include <doctest/doctest.h>

#include <map>
#include <string>

using namespace clip;
using namespace clip::testing;

namespace {

inline constexpr auto Deeper = [] {
  auto c = Tiny;
  c.image.layers = 4;
  c.text.layers = 2;
  c.text.vocabulary = 50;
  return c;
}();

/// Wide enough to measure means and deviations.
inline constexpr auto Wide = [] {
  auto c = Tiny;
  c.image.width = c.text.width = 64;
  c.image.layers = c.text.layers = 2;
  return c;
}();

template <class M>
std::map<std::string, Values> weights_of(const M& model) {
  std::map<std::string, Values> weights;
  visit_parameters(model, [&](std::string_view name, const auto& p) {
    weights.emplace(name, values_of(model.backend(), View<const typename M::T>{p.view()}));
  });
  return weights;
}

double deviation(const Values& v) { return std::sqrt(dot(v, v) / static_cast<double>(v.size())); }

}  // namespace

TEST_CASE("the same seed gives the same weights, another seed others") {
  const auto weights = weights_of(Model<Tiny, Naive<float>>{Rng{3}});
  CHECK(weights == weights_of(Model<Tiny, Naive<float>>{Rng{3}}));
  const auto others = weights_of(Model<Tiny, Naive<float>>{Rng{4}});
  CHECK(weights.at("visual.conv1.weight") != others.at("visual.conv1.weight"));
  CHECK(weights.at("visual.ln_pre.weight") == others.at("visual.ln_pre.weight"));
}

TEST_CASE("a weight depends only on the seed and its name, not on other weights") {
  const auto weights = weights_of(Model<Tiny, Naive<float>>{Rng{3}}),
             deeper = weights_of(Model<Deeper, Naive<float>>{Rng{3}});
  int compared = 0;
  for (const auto& weight : weights)
    if (weight.first != "token_embedding.weight") {
      INFO(weight.first);
      CHECK(deeper.at(weight.first) == weight.second);
      ++compared;
    }
  CHECK(compared == static_cast<int>(weights.size()) - 1);
  // The values of a shorter table are a prefix of a longer one's.
  const Values &shorter = weights.at("token_embedding.weight"), &longer = deeper.at("token_embedding.weight");
  CHECK(std::equal(shorter.begin(), shorter.end(), longer.begin()));
}

TEST_CASE("every arithmetic type has the same initial values") {
  CHECK(weights_of(Model<Tiny, Naive<float>>{Rng{3}}) == weights_of(Model<Tiny, Naive<double>>{Rng{3}}));
}

TEST_CASE("an encoder alone has the initial values it has in a model") {
  const auto whole = weights_of(Model<Tiny, Naive<float>>{Rng{3}});
  ImageEncoder<Tiny, Naive<float>> image;
  TextEncoder<Tiny, Naive<float>> text;
  initialise(image, Rng{3});
  initialise(text, Rng{3});
  std::size_t count = 1;  // logit_scale belongs to neither encoder
  for (const auto& part : {weights_of(image), weights_of(text)})
    for (const auto& weight : part) {
      INFO(weight.first);
      CHECK(whole.at(weight.first) == weight.second);
      ++count;
    }
  CHECK(count == whole.size());
}

TEST_CASE("initial weights have the distribution of OpenAI's code") {
  const auto w = weights_of(Model<Wide, Naive<double>>{Rng{5}});
  const auto is = [&](const char* name, double expected) {
    INFO(name);
    CHECK(deviation(w.at(name)) == doctest::Approx(expected).epsilon(0.1));
  };
  const double root = 1 / std::sqrt(64.0);
  is("token_embedding.weight", 0.02);
  is("positional_embedding", 0.01);
  is("text_projection", root);
  is("transformer.resblocks.0.attn.in_proj_weight", root);
  is("transformer.resblocks.1.attn.out_proj.weight", root / std::sqrt(4.0));
  is("transformer.resblocks.1.mlp.c_proj.weight", root / std::sqrt(4.0));
  is("transformer.resblocks.0.mlp.c_fc.weight", 1 / std::sqrt(128.0));
  is("visual.proj", root);
  is("visual.positional_embedding", root);
  is("visual.conv1.weight", 1 / std::sqrt(3 * 27.0));  // uniform within 1/√27
  is("visual.transformer.resblocks.0.attn.in_proj_weight",
     std::sqrt(6.0 / 256) / std::sqrt(3.0));  // uniform within √(6 / 4 W)
  is("visual.transformer.resblocks.0.mlp.c_proj.weight", 1 / std::sqrt(3 * 256.0));
  is("transformer.resblocks.0.mlp.c_proj.bias", 1 / std::sqrt(3 * 256.0));
  for (const char* name :
       {"visual.ln_pre.bias", "transformer.resblocks.0.attn.in_proj_bias", "transformer.resblocks.0.attn.out_proj.bias",
        "visual.transformer.resblocks.0.attn.out_proj.bias"}) {
    INFO(name);
    CHECK(max_magnitude(w.at(name)) == 0);
  }
  CHECK(w.at("ln_final.weight") == Values(64, 1));
  CHECK(w.at("logit_scale")[0] == doctest::Approx(std::log(1 / 0.07)));
}

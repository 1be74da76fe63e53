#include <clip/autograd/inference.hpp>
#include <clip/backend/cpu.hpp>
#include <clip/core/rng.hpp>
#include <clip/model/storage.hpp>
#include <clip/tower/clip_resnet/modified_resnet.hpp>
#include <clip/tower/clip_resnet/openai.hpp>

#include "../../support/matrix.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace clip;
using namespace clip::testing;

namespace {

/// A ResNet whose channels fill no packet, with stages of one and of several blocks.
inline constexpr ResNetConfig Odd{.image_size = 64, .layers = {1, 2, 1, 3}, .width = 6};
constexpr Index embed = 13, values_each = 3 * 64 * 64;

using B = Cpu<float>;

/// The tower with seeded weights and statistics.
template <ResNetConfig C, Index Embed>
struct Tested {
  B backend;
  ModifiedResNet<C, Embed, B> visual{Odd, embed};
  Buffer<B> memory = allocate_parameters(backend, visual);
  explicit Tested(int threads = 1) : backend{{.threads = threads}} {
    visit_parameters(visual, [&](std::string_view name, auto& p) {
      const bool norm = p.shape.rank == 1 && name.ends_with("weight");
      Values values = random_values(Rng{80}.fork(name), p.count(),
                                    p.shape.rank > 1 ? 1 / std::sqrt(static_cast<double>(p.shape.cols())) : 0.2);
      for (double& v : values) v = norm ? 1 + v : name.ends_with("running_var") ? 1 + std::abs(v) : v;
      set_values(backend, p.view(), values);
    });
  }
};

/// Features of images [begin, begin + n) of an unbounded sequence of random images.
template <class Tested>
Values features(const Tested& tower, Index begin, Index n) {
  Inference<B> cx{tower.backend};
  const auto x = cx.allocate(n, Size<dyn>{values_each});
  for (Index i = 0; i < n; ++i)
    set_values(tower.backend, x.view.middle_rows(i, 1),
               random_values(Rng{81}.fork(static_cast<std::uint64_t>(begin + i)), values_each));
  return values_of(tower.backend, View<const float>{tower.visual(cx, x).view});
}

}  // namespace

TEST_CASE("an image's features have the same bits alone and in a batch of any size, with any number of threads") {
  const Tested<Odd, embed> one{1};
  std::vector<Values> alone;
  for (Index i = 0; i < 19; ++i) alone.push_back(features(one, i, 1));
  REQUIRE(alone[0] != alone[1]);
  for (const int threads : {1, 2, 3}) {
    const Tested<Odd, embed> tower{threads};
    for (const Index n : {1, 2, 7, 8, 9, 19}) {
      const Values batch = features(tower, 0, n);
      for (Index i = 0; i < n; ++i) {
        INFO("image ", i, " of ", n, ", threads ", threads);
        CHECK(std::equal(alone[static_cast<std::size_t>(i)].begin(), alone[static_cast<std::size_t>(i)].end(),
                         batch.begin() + i * embed));
      }
    }
  }
}

TEST_CASE("sizes in the type and sizes at run time give the same bits") {
  CHECK(features(Tested<DynamicResNet.image, dyn>{}, 0, 3) == features(Tested<Odd, embed>{}, 0, 3));
}

TEST_CASE("the memory of a pass does not grow with the batch") {
  const Tested<Odd, embed> tower;
  const auto bytes = [&](Index n) {
    Inference<B> cx{tower.backend};
    const auto x = cx.allocate(n, Size<dyn>{values_each});
    cx.backend().fill(x.view, 1.0f);
    tower.visual(cx, x);
    return cx.bytes() - static_cast<std::size_t>(n * values_each) * sizeof(float);
  };
  CHECK(bytes(64) < 2 * bytes(8));
}

TEST_CASE("the state after the last stage, pooled, is the embedding; each stage but the first halves the resolution") {
  const Tested<Odd, embed> tower;
  Inference<B> cx{tower.backend};
  const auto x = cx.allocate(2, Size<dyn>{values_each});
  set_values(tower.backend, x.view, random_values(Rng{82}, 2 * values_each));
  for (Index layers = 0; layers <= 4; ++layers) {
    const auto rows = tower.visual.states(cx, x, layers);
    const Index side = layers == 0 ? 16 : 32 >> layers;
    CHECK(rows.rows() == 2 * side * side);
    CHECK(rows.cols() == (layers == 0 ? 6 : 12 << layers));
  }
  const auto pooled_rows = tower.visual.attnpool(cx, tower.visual.states(cx, x, 4));
  CHECK(values_of(tower.backend, View<const float>{pooled_rows.view}) ==
        values_of(tower.backend, View<const float>{tower.visual(cx, x).view}));
}

TEST_CASE("a ResNet's initial weights have the distribution of OpenAI's code") {
  const Tested<Odd, embed> tower;
  visit_parameters(tower.visual, [](std::string_view name, const auto& p) {
    INFO(std::string(name));
    const auto is = [&](Init expected) {
      CHECK((p.init.rule == expected.rule && p.init.scale == doctest::Approx(expected.scale).epsilon(1e-12)));
    };
    const double root = 1 / std::sqrt(32.0 * 6);
    if (name.starts_with("attnpool.") && name.ends_with(".bias")) is(Init::uniform(root));
    else if (name.starts_with("attnpool.")) is(Init::normal(root));
    else if (p.shape.rank == 4) is(Init::uniform(1 / std::sqrt(static_cast<double>(p.shape.cols()))));
    else if (name.starts_with("layer") && name.ends_with("bn3.weight")) is(Init::zeros());
    else if (name.ends_with(".weight") || name.ends_with(".running_var")) is(Init::ones());
    else is(Init::zeros());
  });
}

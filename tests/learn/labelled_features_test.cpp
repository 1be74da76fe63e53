// A linear classifier over stored features, trained by Trainer: its loss is the cross-entropy, bad features are refused.
#include <clip/backend/cpu.hpp>
#include <clip/learn/labelled_features.hpp>
#include <clip/model/standalone.hpp>
#include <clip/nn/linear.hpp>
#include <clip/optim/sgd.hpp>
#include <clip/train/trainer.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <vector>

using namespace clip;

namespace {

/// Classes along the axes: image i is of class i % 3 and lies near axis i % 3.
LabelledFeatures<float> three_axes(Index n) {
  LabelledFeatures<float> all{Features<float, dyn>{n, Size<dyn>{4}}, {}};
  Rng rng{3};
  for (Index i = 0; i < n; ++i) {
    for (float& x : all.features[i]) x = 0.1f * static_cast<float>(rng.normal());
    all.features[i][static_cast<std::size_t>(i % 3)] += 1;
    all.labels.push_back(static_cast<std::int32_t>(i % 3));
  }
  return all;
}

class Classifier {
 public:
  Cpu<>& backend() { return head_.backend(); }
  static constexpr void members(auto& self, auto&& visit) { visit("", self.head_); }

  template <class Cx>
  Rows<Cx, dyn> logits(Cx& cx, Rows<Cx, dyn> features) const {
    return head_(cx, features);
  }

 private:
  Standalone<Linear<Cpu<>, dyn, dyn>> head_{Linear<Cpu<>, dyn, dyn>{4, 3}, Rng{1}};
};

}  // namespace

TEST_CASE("labelled features: a batch has the features and labels of its items, in their order") {
  const FeatureSource source{three_axes(6), 3};
  LabelledFeatures<float> batch;
  const std::vector<Index> items{4, 0, 5};
  source.batch(items, Rng{1}, batch);
  CHECK(batch.labels == std::vector<std::int32_t>{1, 0, 2});
  REQUIRE(batch.features.size() == 3);
  for (Index i = 0; i < 3; ++i)
    CHECK(std::ranges::equal(batch.features[i], source.all().features[items[static_cast<std::size_t>(i)]]));
}

TEST_CASE("classification: the trainer learns classes that lie along axes") {
  const LabelledFeatures<float> all = three_axes(60);
  FeatureSource source{all, 3};
  Classifier classifier;
  Trainer trainer{
      classifier,
      source,
      TrainOptionsOf<SgdOptions>{
          .epochs = 20, .batch = 20, .optimizer = {.learning_rate = 0.5f}, .schedule = Schedule::epoch_cosine()},
      {},
      Classification{}};
  double first = 0, last = 0;
  trainer.run([&](const TrainProgress& p) {
    if (p.step == 1) first = p.loss;
    last = p.loss;
    return true;
  });
  CHECK(trainer.steps() == 60);
  CHECK(last < 0.1 * first);
}

TEST_CASE("labelled features: bad labels and values are errors") {
  const auto with = [](auto&& change) {
    LabelledFeatures<float> all = three_axes(6);
    change(all);
    return all;
  };
  CHECK_THROWS_WITH_AS((FeatureSource{with([](auto& x) { x.labels.pop_back(); }), 3}),
                       "labelled features: labels: expected 6, found 5", ShapeError);
  CHECK_THROWS_WITH_AS((FeatureSource{with([](auto& x) { x.labels[2] = 3; }), 3}),
                       "labelled features: label 2: expected from 0 to 2, found 3", InputError);
  CHECK_THROWS_WITH_AS(
      (FeatureSource{with([](auto& x) { x.features[1][0] = std::numeric_limits<float>::quiet_NaN(); }), 3}),
      "labelled features: feature vector 1 is not finite", NumericError);
}

// Training of a model with BatchNorm statistics.
#include <clip/backend/naive.hpp>
#include <clip/train/trainer.hpp>

#include "../io/temporary_folder.hpp"
#include "../support/small_models.hpp"
#include "toy.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <string>

using namespace clip;
using namespace clip::testing;

namespace {

using B = Naive<float>;
using SmallModel = Model<SmallResNet, B>;

/// Twelve images with captions.
struct CaptionedImages {
  Images all = random_images(SmallResNet, 12, Rng{90});
  Texts captions = random_texts(SmallResNet, 12, Rng{91});

  Index size() const { return all.size(); }
  using Batch = Pairs;
  void batch(std::span<const Index> items, Rng, Pairs& out) const {
    auto& [images, texts] = out;
    images.resize_for_reuse(static_cast<Index>(items.size()), 3, 32, 32);
    texts.clear();
    for (std::size_t i = 0; i < items.size(); ++i) {
      std::ranges::copy(all.image(items[i]), images.image(static_cast<Index>(i)).begin());
      texts.append(captions, items[i]);
    }
  }
};

TrainOptions two_epochs(std::string checkpoint = {}) {
  TrainOptions options;
  options.epochs = 2;
  options.batch = 4;
  options.checkpoint = std::move(checkpoint);
  return options;
}

float steps_counted(const SmallModel& model) {
  return model.image.tower.layer4.first.bn2.num_batches_tracked.view()(0, 0);
}

}  // namespace

TEST_CASE("training a ResNet: every step updates the running statistics once, with and without recomputation") {
  CaptionedImages source;
  SmallModel model{Rng{1}}, again{Rng{1}};
  const float before = model.image.tower.bn1.running_mean.view()(0, 0);
  CHECK(Trainer{model, source, two_epochs()}.run());
  CHECK(steps_counted(model) == 6);
  CHECK(model.image.tower.bn1.running_mean.view()(0, 0) != before);
  TrainOptions options = two_epochs();
  options.recompute = true;
  CHECK(Trainer{again, source, options}.run());
  CHECK(bytes_of(again) == bytes_of(model));
}

TEST_CASE("training a ResNet: a run resumed from its checkpoint equals an uninterrupted one, statistics included") {
  CaptionedImages source;
  SmallModel whole{Rng{1}}, interrupted{Rng{1}}, resumed{Rng{2}};
  CHECK(Trainer{whole, source, two_epochs()}.run());
  const TemporaryFolder folder;
  TrainOptions options = two_epochs(folder / "checkpoint");
  options.checkpoint_every = 1;
  CHECK_FALSE(Trainer{interrupted, source, options}.run([](const TrainProgress& p) { return p.step < 4; }));
  CHECK(steps_counted(interrupted) == 4);
  CHECK(Trainer{resumed, source, options}.run());
  CHECK(steps_counted(resumed) == 6);
  CHECK(bytes_of(resumed) == bytes_of(whole));
}

TEST_CASE("training a ResNet: the average has averaged statistics and the counter, and is resumed with its bits") {
  CaptionedImages source;
  TrainOptions options = two_epochs();
  options.ema = 0.75;
  SmallModel whole{Rng{1}};
  Trainer trainer{whole, source, options};
  const auto variance = [](const SmallModel& model) { return model.image.tower.bn1.running_var.view()(0, 0); };
  double expected = static_cast<double>(variance(whole));
  while (trainer.step() < trainer.steps()) {
    trainer.run([](const TrainProgress&) { return false; });
    expected = 0.75 * expected + 0.25 * static_cast<double>(variance(whole));
  }
  const std::string weights = bytes_of(whole);
  std::string averages;
  trainer.with_averages([&] {
    CHECK(static_cast<double>(variance(whole)) == doctest::Approx(expected).epsilon(1e-5));
    CHECK(steps_counted(whole) == 6);
    averages = bytes_of(whole);
  });
  CHECK(static_cast<double>(variance(whole)) != doctest::Approx(expected).epsilon(1e-5));
  CHECK(bytes_of(whole) == weights);

  const TemporaryFolder folder;
  options.checkpoint = folder / "checkpoint";
  options.checkpoint_every = 1;
  SmallModel interrupted{Rng{1}}, resumed{Rng{2}};
  Trainer first{interrupted, source, options};
  CHECK_FALSE(first.run([](const TrainProgress& p) { return p.step < 4; }));
  Trainer second{resumed, source, options};
  // The numbers of the last step, for a log that lacks them.
  REQUIRE(second.loss());
  CHECK(*second.loss() == *first.loss());
  CHECK(second.learning_rate() == first.learning_rate());
  CHECK(second.run());
  CHECK(bytes_of(resumed) == weights);
  second.with_averages([&] { CHECK(bytes_of(resumed) == averages); });
}

TEST_CASE("training a ResNet: a loss that is not finite leaves the statistics unchanged") {
  CaptionedImages source;
  source.all.image(7)[5] = std::numeric_limits<float>::infinity();
  SmallModel model{Rng{1}};
  Trainer trainer{model, source, two_epochs()};
  CHECK_THROWS_AS(trainer.run(), NumericError);
  CHECK(steps_counted(model) == static_cast<float>(trainer.step()));
  CHECK(std::isfinite(model.image.tower.bn1.running_mean.view()(0, 0)));
}

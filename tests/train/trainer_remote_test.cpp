// Training in memory that the host cannot access: every value goes through the backend.
#include <clip/task/zero_shot.hpp>
#include <clip/train/trainer.hpp>

#include "../support/remote.hpp"
#include "toy.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace clip;
using namespace clip::testing;

namespace {
struct Outcome {
  std::string model, checkpoint;
  std::vector<double> losses;
  std::vector<float> image, text, similarities;
  double temperature = 0;
};

/// From seeded weights to a classifier: training, interruption, resumption, saving, loading, encoding, comparison.
template <class B>
Outcome whole() {
  const TemporaryFolder folder;
  ToyPairs pairs;
  TrainOptions options = short_run(folder / "checkpoint");
  options.clip_norm = 0.5;
  Outcome outcome;
  const auto told = [&](const TrainProgress& p) {
    outcome.losses.push_back(p.loss);
    return p.step != 12;
  };
  {
    ToyModel<B> model{Rng{2}};
    Trainer{model, pairs, options}.run(told);
  }
  ToyModel<B> model{Rng{3}};
  CHECK(Trainer{model, pairs, options}.run(told));
  outcome.checkpoint = get(folder / "checkpoint");
  save(model, folder / "model");
  outcome.model = get(folder / "model");

  ToyModel<B> loaded;
  load(loaded, folder / "model");
  Pairs batch;
  pairs.batch(std::vector<Index>{3, 0, 7, 11, 5}, Rng{1}, batch);
  const auto& [images, texts] = batch;
  const auto image = loaded.encode_image(images), text = loaded.encode_text(texts);
  const auto similarities = zero_shot(loaded, texts)(image);
  outcome.image.assign(image.values().begin(), image.values().end());
  outcome.text.assign(text.values().begin(), text.values().end());
  outcome.similarities.assign(similarities.values.values().begin(), similarities.values.values().end());
  outcome.temperature = loaded.similarity.temperature();
  return outcome;
}
}  // namespace

TEST_CASE("training: in memory that the host cannot access every result is the same, bit for bit") {
  const Outcome host = whole<Naive<float>>(), remote = whole<Remote<float>>();
  CHECK(host.losses.size() == 30);
  CHECK(remote.losses == host.losses);
  CHECK(remote.model == host.model);
  CHECK(remote.checkpoint == host.checkpoint);
  CHECK(remote.image == host.image);
  CHECK(remote.text == host.text);
  CHECK(remote.similarities == host.similarities);
  CHECK(remote.temperature == host.temperature);
}

TEST_CASE("training: NaN is found in memory that the host cannot access") {
  ToyPairs pairs;
  pairs.broken = 17;
  ToyModel<Remote<float>> model{Rng{2}};
  Trainer trainer{model, pairs, short_run()};
  CHECK_THROWS_AS(trainer.run(), NumericError);
}

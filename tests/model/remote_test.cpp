// A whole model in memory that the host cannot access between primitives.
#include <clip/autograd/tape.hpp>
#include <clip/backend/naive.hpp>
#include <clip/loss/contrastive.hpp>
#include <clip/model/model.hpp>
#include <clip/optim/adamw.hpp>
#include <clip/optim/clip_norm.hpp>

#include "../support/remote.hpp"
#include "../support/small_models.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace clip;
using namespace clip::testing;

namespace {

/// Features, then losses of a few steps, then features of the trained model.
template <class B>
std::vector<double> numbers(bool recompute) {
  Model<Tiny, B> model{Rng{9}};
  const Images images = random_images(Tiny, 5, Rng{57});
  const Texts texts = random_texts(Tiny, 5, Rng{58});
  std::vector<double> all;
  const auto encode = [&] {
    const auto image = model.encode_image(images), text = model.encode_text(texts);
    all.insert(all.end(), image.values().begin(), image.values().end());
    all.insert(all.end(), text.values().begin(), text.values().end());
    all.push_back(model.similarity.temperature());
  };
  encode();
  Parameters table{model};
  AdamW optimizer{table, {.learning_rate = 1e-2f}};
  Tape tape{table, {.recompute = recompute}};
  for (int step = 0; step < 3; ++step) {
    tape.clear();
    const auto loss = contrastive(tape, model.encode_image(tape, images), model.encode_text(tape, texts),
                                  model.similarity, texts.groups());
    tape.backward(loss);
    all.push_back(value_of(tape, loss));
    all.push_back(clip_gradient_norm(table, 1));
    CHECK(tape.first_not_finite().empty());
    optimizer.step();
  }
  encode();
  return all;
}

}  // namespace

TEST_CASE("a model in memory that the host cannot access encodes and trains with the same bits") {
  const auto expected = numbers<Naive<double>>(false);
  CHECK(numbers<Remote<double>>(false) == expected);
  CHECK(numbers<Remote<double>>(true) == expected);
  CHECK(expected.size() > 100);
}

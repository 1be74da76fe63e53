#include <clip/autograd/tape.hpp>
#include <clip/backend/naive.hpp>
#include <clip/loss/contrastive.hpp>
#include <clip/model/model.hpp>
#include <clip/optim/adamw.hpp>

#include "../nn/gated_block.hpp"
#include "../support/check_gradients.hpp"
#include "../support/names.hpp"
#include "../support/small_models.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

using namespace clip;
using namespace clip::testing;

namespace {

using B = Naive<double>;

template <class M>
auto loss_over(const M& model, const Images& images, const Texts& texts) {
  return [&](Tape<B>& tape) {
    return contrastive(tape, model.encode_image(tape, images), model.encode_text(tape, texts), model.similarity,
                       texts.groups());
  };
}

/// Weights large enough that every part influences the result.
template <class M>
void randomise(M& model) {
  visit_parameters(model, [](std::string_view name, auto& p) {
    if (name != "logit_scale") set_values(B{}, p.view(), random_values(Rng{50}.fork(name), p.count(), 0.4));
  });
}

}  // namespace

TEST_CASE("a model's names and shapes are those of the published checkpoint") {
  CHECK(named_shapes(Model<Tiny, B>{}) == published_list(Tiny));
}

TEST_CASE("the gradients of a whole model's contrastive loss are correct for all parameters") {
  Model<Tiny, B> model;
  randomise(model);
  Parameters table{model};
  const Images images = random_images(Tiny, 6, Rng{51});
  const Texts texts = random_texts(Tiny, 6, Rng{52});
  REQUIRE(texts.groups().back() < 5);  // an equal pair: several positives
  check_gradients(table, loss_over(model, images, texts));
}

TEST_CASE("recomputation in the backward pass gives gradients with the same bits") {
  Model<Tiny, B> model;
  randomise(model);
  Parameters table{model};
  const Images images = random_images(Tiny, 6, Rng{51});
  const Texts texts = random_texts(Tiny, 6, Rng{52});
  const auto record = loss_over(model, images, texts);
  CHECK(gradients_of(table, record, {.recompute = true}) == gradients_of(table, record));
  CHECK(gradients_of(table, record, {.recompute_inside = true}) == gradients_of(table, record));
}

TEST_CASE("a model with a custom block family has its names and trains") {
  Model<Tiny, B, Gated> model{Rng{6}};
  CHECK(named_shapes(model).contains("visual.transformer.resblocks.1.gate.weight"));
  CHECK_FALSE(named_shapes(model).contains("visual.transformer.resblocks.1.mlp.c_fc.weight"));
  Parameters table{model};
  AdamW optimizer{table, {.learning_rate = 1e-2f, .weight_decay = 0}};
  const Images images = random_images(Tiny, 4, Rng{53});
  const Texts texts = random_texts(Tiny, 4, Rng{54});
  const auto record = loss_over(model, images, texts);
  const double before = loss_of(table, record);
  Tape tape{table};
  for (int step = 0; step < 40; ++step) {
    tape.clear();
    tape.backward(record(tape));
    optimizer.step();
  }
  CHECK(loss_of(table, record) < 0.5 * before);
}

TEST_CASE("a moved model encodes as before") {
  Model<Tiny, B> model{Rng{7}};
  const Images images = random_images(Tiny, 2, Rng{55});
  const Texts texts = random_texts(Tiny, 2, Rng{56});
  const auto image = model.encode_image(images), text = model.encode_text(texts);
  const Model<Tiny, B> moved{std::move(model)};
  const auto image_again = moved.encode_image(images), text_again = moved.encode_text(texts);
  CHECK(std::ranges::equal(image_again.values(), image.values()));
  CHECK(std::ranges::equal(text_again.values(), text.values()));
}

TEST_CASE("the temperature is exp(logit_scale), initially 1/0.07 and at most 100") {
  const Model<Tiny, B> model{Rng{7}};
  CHECK(model.similarity.temperature() == doctest::Approx(1 / 0.07));
  CHECK(std::exp(model.similarity.logit_scale.range.high) == doctest::Approx(100));
  CHECK(model.similarity.logit_scale.range.low == 0);
}

TEST_CASE("a logit_scale that is not a logarithm is refused") {
  Model<Tiny, B> model{Rng{7}};
  for (const double scale : {100.0, std::numeric_limits<double>::quiet_NaN()}) {
    *model.similarity.logit_scale.data = static_cast<Model<Tiny, B>::T>(scale);
    CHECK_THROWS_WITH_AS(model.similarity.temperature(), doctest::Contains("ln of the temperature"), NumericError);
  }
}

TEST_CASE("a model without weights knows its configuration") {
  Model<Tiny, B> model;
  CHECK(model.config() == Tiny);
  CHECK(count_parameters(model) == Parameters{model}.count());
}

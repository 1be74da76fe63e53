#include <clip/train/grad_cache.hpp>

#include <clip/backend/naive.hpp>
#include <clip/model/model.hpp>

#include "../support/small_models.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <vector>

using namespace clip;
using namespace clip::testing;

namespace {
using B = Naive<double>;
using Gradients = std::map<std::string, std::vector<double>>;

Gradients gradients_of(const Parameters<B>& parameters) {
  Gradients gradients;
  for (const auto& e : parameters.entries()) {
    auto& values = gradients[e.name];
    for (Index i = 0; i < e.gradient.rows; ++i)
      for (Index j = 0; j < e.gradient.cols; ++j) values.push_back(e.fresh ? 0 : e.gradient(i, j));
  }
  return gradients;
}

double norm(const Gradients& gradients) {
  double squares = 0;
  for (const auto& [name, values] : gradients)
    for (const double x : values) squares += x * x;
  return std::sqrt(squares);
}

/// Checks that every gradient equals `factor` times the expected one, up to rounding.
void check_equal(const Gradients& found, const Gradients& expected, double factor = 1) {
  const double length = norm(expected);
  REQUIRE(length > 1e-3);
  REQUIRE(found.size() == expected.size());
  for (const auto& entry : expected) {
    const std::string& name = entry.first;
    const std::vector<double>& values = found.at(name);
    REQUIRE(values.size() == entry.second.size());
    double most = 0;
    for (std::size_t i = 0; i < values.size(); ++i)
      if (const double difference = std::abs(values[i] - factor * entry.second[i]); !(difference <= most))
        most = difference;  // NaN too
    CHECK_MESSAGE(most <= 1e-12 * length, name);
  }
}

struct Case {
  Model<Tiny, B> model{Rng{3}};
  Images images = random_images(Tiny, 12, Rng{4});
  Texts texts = random_texts(Tiny, 12, Rng{5});  // some captions recur in other micro-batches

  /// Loss and gradients of the batch as a whole.
  double whole(Gradients& gradients, const Selection& selection = {}) {
    Parameters parameters{model, selection};
    Tape tape{parameters};
    const auto image = model.encode_image(tape, images);
    const auto text = model.encode_text(tape, texts);
    const auto loss = contrastive(tape, image, text, model.similarity, texts.groups());
    tape.backward(loss);
    gradients = gradients_of(parameters);
    return value_of(tape, loss);
  }
};
}  // namespace

TEST_CASE("cached gradients: they equal those of the large batch for any micro-batch size") {
  Case c;
  Gradients expected;
  const double loss = c.whole(expected);
  CHECK(*std::max_element(c.texts.groups().begin(), c.texts.groups().end()) < 11);  // some captions are equal
  Parameters parameters{c.model};
  Tape tape{parameters};
  for (const Index micro : {1, 3, 5, 12, 100}) {
    CAPTURE(micro);
    parameters.clear_gradients();
    CHECK(grad_cache(c.model, tape, c.images, c.texts, micro) ==
          loss);  // features do not depend on the batch, bit for bit
    check_equal(gradients_of(parameters), expected);
  }
}

TEST_CASE("cached gradients: they are added to existing ones") {
  Case c;
  Parameters parameters{c.model};
  Tape tape{parameters};
  grad_cache(c.model, tape, c.images, c.texts, 4);
  const Gradients once = gradients_of(parameters);
  grad_cache(c.model, tape, c.images, c.texts, 4);
  check_equal(gradients_of(parameters), once, 2);
}

TEST_CASE("cached gradients: a frozen tower and a frozen temperature get none") {
  Case c;
  for (const Selection& selection : {only("visual.*"), except("visual.*"), except("logit_scale"), only("logit_scale"),
                                     only("text_projection", "visual.conv1.weight")}) {
    Gradients expected;
    const double loss = c.whole(expected, selection);
    Parameters parameters{c.model, selection};
    Tape tape{parameters};
    CHECK(grad_cache(c.model, tape, c.images, c.texts, 5) == loss);
    check_equal(gradients_of(parameters), expected);
  }
}

TEST_CASE("cached gradients: batch norms use one micro-batch at a time, and each updates the statistics once") {
  Model<SmallResNet, B> model{Rng{3}};
  const Images images = random_images(SmallResNet, 6, Rng{4});
  const Texts texts = random_texts(SmallResNet, 6, Rng{5});
  const auto counted = [&] { return model.image.tower.bn1.num_batches_tracked.view()(0, 0); };

  // With a single micro-batch the result is that of a tape.
  Parameters parameters{model}, of_tape{model};
  Tape tape{parameters}, whole{of_tape};
  const auto image = model.encode_image(whole, images);
  const auto loss = contrastive(whole, image, model.encode_text(whole, texts), model.similarity, texts.groups());
  whole.backward(loss);
  CHECK(grad_cache(model, tape, images, texts, 6) == doctest::Approx(value_of(whole, loss)).epsilon(1e-12));
  check_equal(gradients_of(parameters), gradients_of(of_tape));
  CHECK(counted() == 1);

  // With several micro-batches it is the gradient of the returned loss.
  parameters.clear_gradients();
  grad_cache(model, tape, images, texts, 3);
  CHECK(counted() == 3);
  const Trainable<double>& e = *parameters.find("visual.conv3.weight");
  const double slope = e.gradient(1, 2), value = e.value(1, 2), h = ScalarTraits<double>::difference_step;
  const auto loss_at = [&](double x) {
    e.value(1, 2) = x;
    return grad_cache(model, tape, images, texts, 3);
  };
  CHECK((loss_at(value + h) - loss_at(value - h)) / (2 * h) == doctest::Approx(slope).epsilon(1e-5));
  CHECK(std::abs(slope) > 1e-5);

  // A frozen tower's statistics are updated as well, as on a tape; an evaluating tape updates none.
  const double before = counted();
  Parameters words{model, except("visual.*")};
  Tape frozen{words}, evaluating{parameters, {.evaluation = true}};
  grad_cache(model, frozen, images, texts, 2);
  CHECK(counted() == before + 3);
  grad_cache(model, evaluating, images, texts, 2);
  CHECK(counted() == before + 3);
}

TEST_CASE("cached gradients: the tape needs less memory than for the whole batch") {
  Case c;
  c.images = random_images(Tiny, 64, Rng{4});
  c.texts = random_texts(Tiny, 64, Rng{5});
  Parameters parameters{c.model};
  Tape whole{parameters}, parts{parameters};
  const auto image = c.model.encode_image(whole, c.images);
  whole.backward(contrastive(whole, image, c.model.encode_text(whole, c.texts), c.model.similarity, c.texts.groups()));
  grad_cache(c.model, parts, c.images, c.texts, 4);
  CHECK(parts.bytes() < whole.bytes() / 2);
}

TEST_CASE("cached gradients: a loss that is not finite adds nothing") {
  Case c;
  c.images.image(7)[3] = std::numeric_limits<float>::quiet_NaN();
  Parameters parameters{c.model};
  Tape tape{parameters};
  CHECK(std::isnan(grad_cache(c.model, tape, c.images, c.texts, 5)));
  for (const auto& e : parameters.entries()) CHECK(e.fresh);
}

TEST_CASE("cached gradients: mismatched batches are errors") {
  Case c;
  Parameters parameters{c.model};
  Tape tape{parameters};
  CHECK_THROWS_WITH_AS(grad_cache(c.model, tape, c.images, c.texts, 0),
                       "grad_cache: pairs at a time: expected 1 or more, found 0", OptionError);
  CHECK_THROWS_WITH_AS(grad_cache(c.model, tape, c.images, one_of(c.texts, 0), 4),
                       "grad_cache: texts for the images: expected 12, found 1", ShapeError);
}

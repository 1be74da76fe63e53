#include <clip/autograd/inference.hpp>
#include <clip/autograd/tape.hpp>
#include <clip/backend/naive.hpp>
#include <clip/core/scalar.hpp>
#include <clip/ops/fold_batch_norm.hpp>

#include "../support/check_gradients.hpp"
#include "../support/norm_net.hpp"
#include "weight.hpp"

#include <doctest/doctest.h>

#include <cmath>

using namespace clip;
using namespace clip::testing;

namespace {

using B = Naive<double>;

/// Statistics that are not those of any batch here.
struct Net : NormNet {
  Net() {
    set_values(B{}, running_mean.view(), Values{0.5, -0.5, 1, 0});
    set_values(B{}, running_var.view(), Values{1, 2, 0.5, 3});
  }
  template <class Cx>
  Rows<Cx, 4> operator()(Cx& cx) const {
    return NormNet::operator()(cx, Rows<Cx, 4>{random_rows(cx, 9, 4)});
  }
};

}  // namespace

TEST_CASE("in training every channel has the bias as its mean and the gain as its deviation") {
  Net net;
  Parameters table{net};
  Tape tape{table};
  const Values y = values_of(tape, net(tape)), gain = values_of(B{}, View<const double>{net.weight.view()}),
               bias = values_of(B{}, View<const double>{net.bias.view()});
  for (std::size_t j = 0; j < 4; ++j) {
    double mean = 0, squares = 0;
    for (std::size_t i = 0; i < 9; ++i) mean += y[4 * i + j] / 9;
    for (std::size_t i = 0; i < 9; ++i) squares += (y[4 * i + j] - mean) * (y[4 * i + j] - mean) / 9;
    CHECK(mean == doctest::Approx(bias[j]));
    CHECK(std::sqrt(squares) == doctest::Approx(std::abs(gain[j])).epsilon(1e-4));
  }
}

TEST_CASE("on a tape made for evaluation, and in inference, the statistics are the running ones") {
  Net net;
  Parameters table{net};
  Tape evaluating{table, {.evaluation = true}}, training{table};
  Inference<B> inference;
  const Values expected = values_of(inference, net(inference));
  CHECK(values_of(evaluating, net(evaluating)) == expected);
  CHECK(max_difference(values_of(training, net(training)), expected) > 0.1);
  const auto x = random_rows(inference, 5, 4), folded = fold_batch_norm(inference, net.norm());
  for (Index i = 0; i < 5; ++i)
    for (Index j = 0; j < 4; ++j)
      CHECK(batch_norm(inference, x, net.norm()).view(i, j) ==
            doctest::Approx(folded.view(0, j) * x.view(i, j) + folded.view(1, j)).epsilon(1e-13));
}

TEST_CASE("gradients flow through the statistics of a batch, and past running ones") {
  Net net;
  Parameters table{net};
  REQUIRE(table.entries().size() == 3);  // statistics and counter are not in the table
  check_gradients(table, [&](Tape<B>& tape) { return some_loss(tape, net(tape)); });
  const auto training = gradients_of(table, [&](Tape<B>& tape) { return some_loss(tape, net(tape)); });
  const auto evaluating =
      gradients_of(table, [&](Tape<B>& tape) { return some_loss(tape, net(tape)); }, {.evaluation = true});
  for (std::size_t i = 0; i < 3; ++i) CHECK(training[i] != evaluating[i]);
}

TEST_CASE("rows of another width, and a batch of one value per channel, are ShapeErrors") {
  Net net;
  Parameters table{net};
  Tape tape{table};
  Inference<B> inference;
  CHECK_THROWS_WITH_AS(batch_norm(inference, random_rows(inference, 5, 3), net.norm()),
                       "batch_norm: width: expected 4, found 3", ShapeError);
  CHECK_THROWS_WITH_AS(batch_norm(tape, random_rows(tape, 1, 4), net.norm()),
                       "batch_norm: values per channel in training: expected 2 or more, found 1", ShapeError);
  CHECK(batch_norm(inference, random_rows(inference, 1, 4), net.norm()).rows() == 1);
}

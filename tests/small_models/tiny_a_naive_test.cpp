#include <clip/backend/naive.hpp>
#include <clip/model/model.hpp>

#include "golden.hpp"

using namespace clip;
using namespace clip::testing;

TEST_CASE("reference numbers: the constant of tiny_a is the configuration of its file") {
  check_configuration(Golden{"tiny_a"}, TinyA);
}

TEST_CASE_TEMPLATE("reference numbers: tiny_a on Naive agrees in features, logits, loss, gradients and training", T,
                   float, double) {
  Model<TinyA, Naive<T>> model;
  check_ladder(model, Golden{"tiny_a"});
}

TEST_CASE_TEMPLATE("reference numbers: tiny_a on Naive agrees in the rows of every layer", T, float, double) {
  Model<TinyA, Naive<T>> model;
  check_states(model, Golden{"tiny_a"});
}

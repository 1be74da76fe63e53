#include <clip/backend/naive.hpp>
#include <clip/model/model.hpp>

#include "golden.hpp"

using namespace clip;
using namespace clip::testing;

TEST_CASE("reference numbers: the constant of tiny_b is the configuration of its file") {
  check_configuration(Golden{"tiny_b"}, TinyB);
}

TEST_CASE("reference numbers: tiny_b on Naive agrees in features, logits, loss, gradients and training") {
  Model<TinyB, Naive<double>> model;
  check_ladder(model, Golden{"tiny_b"});
}

TEST_CASE("reference numbers: gradients of recomputed blocks agree too") {
  const Golden golden{"tiny_b"};
  Model<TinyB, Naive<double>> model;
  load_weights(model, golden);
  check_gradients(model, golden, true);
}

#include <clip/backend/cpu.hpp>
#include <clip/model/model.hpp>

#include "golden.hpp"

using namespace clip;
using namespace clip::testing;

TEST_CASE_TEMPLATE("reference numbers: tiny_a on Cpu agrees in features, logits, loss, gradients and training", T,
                   float, double) {
  Model<TinyA, Cpu<T>> model;
  check_ladder(model, Golden{"tiny_a"});
}

TEST_CASE_TEMPLATE("reference numbers: tiny_a on Cpu agrees in the rows of every layer", T, float, double) {
  Model<TinyA, Cpu<T>> model;
  check_states(model, Golden{"tiny_a"});
}

#include <clip/backend/cpu.hpp>
#include <clip/model/model.hpp>

#include "golden.hpp"

using namespace clip;
using namespace clip::testing;

TEST_CASE_TEMPLATE("reference numbers: tiny_b on Cpu agrees in features, logits, loss, gradients and training", T,
                   float, double) {
  Model<TinyB, Cpu<T>> model;
  check_ladder(model, Golden{"tiny_b"});
}

#include <clip/backend/cpu.hpp>
#include <clip/model/model.hpp>

#include "golden.hpp"

using namespace clip;
using namespace clip::testing;

TEST_CASE("reference numbers: tiny_b on Cpu agrees in features, logits, loss, gradients and training") {
  Model<TinyB, Cpu<>> model;
  check_ladder(model, Golden{"tiny_b"});
}

// Reference numbers of published towers on the CUDA backend: features, logits, loss, every named gradient, ten steps.
#include <clip/cuda.hpp>
#include <clip/model/model.hpp>

#include "../small_models/golden.hpp"
#include "../small_models/resnet.hpp"

using namespace clip;
using namespace clip::testing;

TEST_CASE_TEMPLATE("reference numbers: tiny_a on Cuda agrees in features, logits, loss, gradients and training", T,
                   float, double) {
  Model<TinyA, Cuda<T>> model;
  check_ladder(model, Golden{"tiny_a"});
}

TEST_CASE("reference numbers: tiny_resnet on Cuda agrees in features, losses, gradients and statistics") {
  Model<TinyResNet, Cuda<double>> model;
  check_resnet_ladder(model, Golden{"tiny_resnet"});
}

#include <clip/backend/naive.hpp>
#include <clip/model/model.hpp>

#include "resnet.hpp"

using namespace clip;
using namespace clip::testing;

TEST_CASE_TEMPLATE("reference numbers: tiny_resnet on Naive agrees in features, losses, gradients and statistics", T,
                   float, double) {
  Model<TinyResNet, Naive<T>> model;
  check_resnet_ladder(model, Golden{"tiny_resnet"});
}

TEST_CASE("reference numbers: tiny_resnet on Naive with sizes known only at run time") {
  Model<DynamicResNet, Naive<double>> model{TinyResNet};
  check_resnet_ladder(model, Golden{"tiny_resnet"});
}

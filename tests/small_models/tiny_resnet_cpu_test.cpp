#include <clip/backend/cpu.hpp>
#include <clip/model/model.hpp>

#include "resnet.hpp"

using namespace clip;
using namespace clip::testing;

TEST_CASE_TEMPLATE("reference numbers: tiny_resnet on Cpu agrees in features, losses, gradients and statistics", T,
                   float, double) {
  Model<TinyResNet, Cpu<T>> model;
  check_resnet_ladder(model, Golden{"tiny_resnet"});
}

TEST_CASE_TEMPLATE("reference numbers: tiny_resnet on Cpu agrees in the pixels of every stage, packed too", T, float,
                   double) {
  const Golden golden{"tiny_resnet"};
  Model<TinyResNet, Cpu<T>> model;
  load_weights(model, golden);
  check_resnet_states(model, golden);
  const auto features = model.encode_image(golden.images);
  model.pack();
  const auto packed = model.encode_image(golden.images);
  CHECK(std::ranges::equal(packed.values(), features.values()));
}

TEST_CASE("reference numbers: tiny_resnet on Cpu with sizes known only at run time") {
  Model<DynamicResNet, Cpu<>> model{TinyResNet};
  check_resnet_ladder(model, Golden{"tiny_resnet"});
  AnyModel<Cpu<>> any{TinyResNet};
  load_weights(any, Golden{"tiny_resnet"});
  check_resnet_features(any, Golden{"tiny_resnet"});
}

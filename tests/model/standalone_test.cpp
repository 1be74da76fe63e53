#include <clip/autograd/constant.hpp>
#include <clip/autograd/inference.hpp>
#include <clip/autograd/tape.hpp>
#include <clip/backend/naive.hpp>
#include <clip/checkpoint/model_file.hpp>
#include <clip/loss/contrastive.hpp>
#include <clip/model/standalone.hpp>
#include <clip/nn/linear.hpp>
#include <clip/ops/pointwise.hpp>
#include <clip/optim/adamw.hpp>

#include "../io/temporary_folder.hpp"
#include "../support/check_gradients.hpp"
#include "../support/matrix.hpp"

#include <doctest/doctest.h>

#include <concepts>
#include <utility>
#include <vector>

using namespace clip;
using namespace clip::testing;

namespace {

using B = Naive<double>;
using Probe = Linear<B, 3, 2>;

/// W₂ gelu(W₁ x + b₁) + b₂          x : (rows, 3), y : (rows, 2)
template <class Backend>
struct TwoLayers {
  Linear<Backend, 3, 4> inner;
  Linear<Backend, 4, 2> outer;

  static void members(auto& self, auto&& visit) {
    visit("inner", self.inner);
    visit("outer", self.outer);
  }
  template <class Cx, Index W>
  Rows<Cx, 2> operator()(Cx& cx, Rows<Cx, W> x) const {
    return outer(cx, activate(cx, Activation::gelu, inner(cx, x)));
  }
};

const Tensor<double> inputs{{3, 3}, {1, 0, 0, 0, 1, 0, 0, 0, 1}};
const std::vector<int> labels{0, 1, 1};

Values weights_of(const auto& layer) {
  Values all;
  for (const auto& [name, p] : named_parameters<double>(layer))
    for (const double x : values_of(B{}, View<const double>{p->view()})) all.push_back(x);
  return all;
}

}  // namespace

static_assert(std::same_as<decltype(Standalone{Linear<Cpu<>, 3, 2>{}, Rng{1}}), Standalone<Linear<Cpu<>, 3, 2>>>);
static_assert(std::same_as<decltype(Standalone{Probe{}, Rng{1}, B{}}), Standalone<Probe, B>>);

TEST_CASE("a module of one's own has names, memory and initial values that depend on seed and names") {
  const Standalone layer{TwoLayers<B>{}, Rng{4}, B{}};
  const auto parameters = named_parameters<double>(layer);
  REQUIRE(parameters.size() == 4);
  CHECK(parameters[0].name == "inner.weight");
  CHECK(parameters[3].name == "outer.bias");
  CHECK(weights_of(layer) == weights_of(Standalone{TwoLayers<B>{}, Rng{4}, B{}}));
  CHECK(weights_of(layer) != weights_of(Standalone{TwoLayers<B>{}, Rng{5}, B{}}));
  for (const double x : weights_of(layer)) CHECK(x != 0);
}

TEST_CASE("the gradients of a module of one's own and of its loss over class labels are exact") {
  Standalone layer{TwoLayers<B>{}, Rng{4}, B{}};
  Parameters table{layer};
  check_gradients(table, [&](auto& tape) { return cross_entropy(tape, layer(tape, constant(tape, inputs)), labels); });
}

TEST_CASE("a module of one's own trains, keeps what an optimiser and a table keep, and is saved and loaded by name") {
  const TemporaryFolder folder;
  Standalone layer{TwoLayers<B>{}, Rng{4}, B{}};
  Parameters table{layer};
  AdamW optimizer{table, {.learning_rate = 0.1f, .weight_decay = 0}};
  Tape tape{table};
  double first = 0, last = 0;
  for (int step = 0; step < 50; ++step) {
    tape.clear();
    const auto loss = cross_entropy(tape, layer(tape, constant(tape, inputs)), labels);
    last = value_of(tape, loss);
    if (step == 0) first = last;
    tape.backward(loss);
    optimizer.step();
  }
  CHECK(first > 0.3);
  CHECK(last < 0.01);

  save(layer, folder / "layer.safetensors");
  Standalone again{TwoLayers<B>{}, Rng{9}, B{}};
  load(again, folder / "layer.safetensors");
  CHECK(weights_of(again) == weights_of(layer));
  const Standalone moved = std::move(again);  // weights keep their place
  Inference<B> cx;
  Inference<B> other;
  CHECK(values_of(B{}, View<const double>{moved(cx, constant(cx, inputs)).view}) ==
        values_of(B{}, View<const double>{layer(other, constant(other, inputs)).view}));
}

TEST_CASE("one layer can be trained alone by its names") {
  Standalone layer{TwoLayers<B>{}, Rng{4}, B{}};
  Parameters table{layer, only("outer.*")};
  CHECK(table.entries().size() == 2);
  CHECK_THROWS_AS((Parameters{layer, only("autre.*")}), OptionError);
}

#include <clip/autograd/parameters.hpp>
#include <clip/backend/naive.hpp>

#include "../support/matrix.hpp"

#include <doctest/doctest.h>

using namespace clip;
using namespace clip::testing;

namespace {

using B = Naive<double>;

struct Pair {
  B backend_;
  Matrix<B> memory{{}, 1, 100};
  Parameter<double> weight{{2, 3}, Init::ones(), Use::other, {-1, 1}};
  Parameter<double> bias{{5}, Init::zeros()};
  Parameter<double> mean{{4}, Init::zeros()};

  Pair() {
    weight.data = memory.view().data;
    bias.data = weight.data + 16;
    mean.data = weight.data + 32;
    mean.kind = ParameterKind::buffer;
  }
  B& backend() { return backend_; }
  static void members(auto& self, auto&& visit) {
    visit("weight", self.weight);
    visit("bias", self.bias);
    visit("mean", self.mean);
  }
};

}  // namespace

TEST_CASE("the table has an entry per trained parameter: name, shape, range and a gradient of the same shape") {
  Pair model;
  Parameters table{model};
  REQUIRE(table.entries().size() == 2);
  const auto& weight = table.entries()[0];
  CHECK(weight.name == "weight");
  CHECK(weight.shape == Shape{2, 3});
  CHECK((weight.range.low == -1 && weight.range.high == 1));
  CHECK((weight.gradient.rows == 2 && weight.gradient.cols == 3));
  CHECK(weight.value.data == model.weight.data);
  CHECK(weight.gradient.data != weight.value.data);
  CHECK(table.count() == 11);
}

TEST_CASE("a parameter is frozen by leaving its name out; a buffer is never trained") {
  Pair model;
  Parameters table{model, only("b*")};
  REQUIRE(table.entries().size() == 1);
  CHECK(table.find("bias") == &table.entries()[0]);
  CHECK(table.find("weight") == nullptr);
  CHECK(table.find(model.bias.data) == &table.entries()[0]);
  CHECK(table.find(model.weight.data) == nullptr);
  CHECK(Parameters{model}.find("mean") == nullptr);
}

TEST_CASE("a pattern that fits no parameter is an OptionError with the nearest names, whatever the others fit") {
  Pair model;
  const auto refused = [&](const Selection& selection, const std::string& sentence) {
    CHECK_THROWS_WITH_AS((Parameters{model, selection}), ("parameters: the pattern " + sentence).c_str(), OptionError);
  };
  refused(only("visual.*"), R"("visual.*" fits no parameter of the model; the nearest: bias and weight)");
  refused(except("wieght"), R"("wieght" fits no parameter of the model; the nearest: weight and bias)");
  refused(except("weight", "bais"), R"("bais" fits no parameter of the model; the nearest: bias and weight)");
  refused(only("weight", "b{1..3}"), R"("b{1..3}" fits no parameter of the model; the nearest: bias and weight)");
  refused(except("mean"), R"("mean" fits no parameter of the model; the nearest: bias and weight)");  // a buffer
  CHECK_THROWS_WITH_AS((Parameters{model, only()}), "parameters: the selection names no parameter of the model",
                       OptionError);
  CHECK(Parameters{model, except()}.entries().size() == 2);
  try {
    Parameters{model, only("wieght")};
    FAIL("accepted");
  } catch (const OptionError& error) { CHECK(error.id() == "clip.option.pattern"); }
}

TEST_CASE("a parameter that cannot be trained is an OptionError with its name, unless it is left out") {
  Pair packed, nowhere;
  packed.weight.layout = Layout{1};
  CHECK_THROWS_WITH_AS((Parameters{packed}),
                       "weight: this model is packed for inference; unpack() it before it is trained", OptionError);
  CHECK_NOTHROW((Parameters{packed, except("weight")}));
  nowhere.bias.data = nullptr;
  CHECK_THROWS_WITH_AS((Parameters{nowhere}), "bias: this parameter has no memory", OptionError);
}

TEST_CASE("a state is zero at first, is found by name, and has values for every parameter") {
  Pair model;
  Parameters table{model};
  auto& moments = table.state("exp_avg");
  for (const auto& e : table.entries()) CHECK(max_magnitude(values_of(B{}, View<const double>{moments.of(e)})) == 0);
  moments.of(table.entries()[1])(0, 4) = 3;
  auto& other = table.state("exp_avg_sq");
  CHECK(&table.state("exp_avg") == &moments);
  CHECK(table.state("exp_avg").of(table.entries()[1])(0, 4) == 3);
  CHECK(other.of(table.entries()[1])(0, 4) == 0);
  CHECK(table.states().size() == 2);
}

TEST_CASE("the first gradient after clear_gradients is stored, not added") {
  Pair model;
  Parameters table{model};
  for (auto& e : table.entries()) e.fresh = false;
  table.clear_gradients();
  for (const auto& e : table.entries()) CHECK(e.fresh);
}

#include <clip/autograd/tape.hpp>
#include <clip/backend/naive.hpp>
#include <clip/model/storage.hpp>
#include <clip/nn/batch_norm.hpp>

#include "../support/matrix.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace clip;
using namespace clip::testing;

namespace {

using B = Naive<double>;

/// A convolution and its norm, with memory, and with statistics that differ from the initial ones.
struct Pair {
  B backend_;
  Convolution<B, 3, 4, 3> conv;
  BatchNorm<B, 4> norm{4, 1e-5};
  Buffer<B> memory = allocate_parameters(backend_, *this);
  Pair() {
    visit_parameters(*this, [](std::string_view name, auto& p) {
      Values values = random_values(Rng{50}.fork(name), p.count());
      if (name.ends_with("running_var"))
        for (double& v : values) v = 0.5 + v * v;
      if (p.kind == ParameterKind::counter) values = {7};
      set_values(B{}, p.view(), values);
    });
  }
  B& backend() { return backend_; }
  static void members(auto& self, auto&& visit) {
    visit("conv", self.conv);
    visit("norm", self.norm);
  }
};

constexpr Grid grid{2, 4, 5};

template <class Cx>
Rows<Cx, 3> pixels(Cx& cx) {
  const auto x = cx.allocate(grid.rows(), Size<3>{});
  set_values(B{}, x.view, random_values(Rng{51}, grid.rows() * 3));
  return x;
}

template <class Cx>
Rows<Cx, 4> shortcut(Cx& cx) {
  const auto x = cx.allocate(grid.rows(), Size<4>{});
  set_values(B{}, x.view, random_values(Rng{52}, grid.rows() * 4));
  return x;
}

Values values(const Parameter<double>& p) { return values_of(B{}, View<const double>{p.view()}); }

static_assert(count_parameters(BatchNorm<B, 8>{8, 1e-5}) == 16);

}  // namespace

TEST_CASE("a batch norm has trained weight and bias, saved statistics, and is initially the identity") {
  BatchNorm<B, 4> norm{4, 1e-5};
  std::vector<std::string> trained, carried, counted;
  visit_parameters(norm, [&](std::string_view name, const auto& p) {
    (p.kind == ParameterKind::parameter ? trained
     : p.kind == ParameterKind::buffer  ? carried
                                        : counted)
        .emplace_back(name);
    CHECK(p.init.scale == (name == "weight" || name == "running_var" ? 1 : 0));
  });
  CHECK(trained == std::vector<std::string>{"weight", "bias"});
  CHECK(carried == std::vector<std::string>{"running_mean", "running_var"});
  CHECK(counted == std::vector<std::string>{"num_batches_tracked"});
}

TEST_CASE("a norm folded into its convolution equals the separate ops on an evaluating tape") {
  Pair pair;
  Parameters table{pair};
  Tape<B> tape{table, {.evaluation = true}};
  Inference<B> cx;
  const auto same = [](auto a, auto b) {
    const Values expected = values_of(B{}, View<const double>{a.view});
    CHECK(max_difference(values_of(B{}, View<const double>{b.view}), expected) <
          ScalarTraits<double>::backend_tolerance * max_magnitude(expected));
  };
  same(conv_norm(tape, fn::Relu{}, pair.conv, pair.norm, pixels(tape), grid),
       conv_norm(cx, fn::Relu{}, pair.conv, pair.norm, pixels(cx), grid));
  same(conv_norm(tape, fn::Identity{}, pair.conv, pair.norm, pixels(tape), grid),
       conv_norm(cx, fn::Identity{}, pair.conv, pair.norm, pixels(cx), grid));
  same(conv_norm(tape, fn::Relu{}, pair.conv, pair.norm, pixels(tape), grid, shortcut(tape)),
       conv_norm(cx, fn::Relu{}, pair.conv, pair.norm, pixels(cx), grid, shortcut(cx)));
}

TEST_CASE(
    "in training every output channel has mean bias and deviation abs(weight), and commit updates the statistics "
    "once") {
  Pair pair;
  const Values mean = values(pair.norm.running_mean), gain = values(pair.norm.weight), bias = values(pair.norm.bias);
  Parameters table{pair};
  Tape<B> tape{table};
  const auto y = pair.norm(tape, pair.conv(tape, pixels(tape), grid));
  for (Index j = 0; j < 4; ++j) {
    const auto c = static_cast<std::size_t>(j);
    double sum = 0, squares = 0;
    for (Index i = 0; i < y.rows(); ++i) sum += y.view(i, j);
    sum /= static_cast<double>(y.rows());
    for (Index i = 0; i < y.rows(); ++i) squares += (y.view(i, j) - sum) * (y.view(i, j) - sum);
    CHECK(sum == doctest::Approx(bias[c]));
    CHECK(std::sqrt(squares / static_cast<double>(y.rows())) == doctest::Approx(std::abs(gain[c])).epsilon(1e-4));
  }
  CHECK(values(pair.norm.running_mean) == mean);
  tape.commit();
  CHECK(max_difference(values(pair.norm.running_mean), mean) > 1e-3);
  CHECK(values(pair.norm.num_batches_tracked) == Values{8});
  tape.commit();
  CHECK(values(pair.norm.num_batches_tracked) == Values{8});
}

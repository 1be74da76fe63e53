#include <clip/autograd/tape.hpp>
#include <clip/backend/naive.hpp>
#include <clip/model/storage.hpp>
#include <clip/ops/attention.hpp>
#include <clip/ops/linear.hpp>
#include <clip/ops/norms.hpp>
#include <clip/ops/pointwise.hpp>
#include <clip/ops/tables.hpp>

#include "../support/check_gradients.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

using namespace clip;
using namespace clip::testing;

namespace {

using B = Naive<double>;
using T = Tape<B>;

/// Enough weights to build graphs from.
struct Weights3 {
  B backend_;
  Parameter<double> stacked{{9, 4}, Init::zeros()};
  Parameter<double> stacked_bias{{9}, Init::zeros()};
  Parameter<double> square{{4, 4}, Init::zeros()};
  Parameter<double> other{{4, 4}, Init::zeros()};
  Parameter<double> qkv{{12, 4}, Init::zeros()};
  Buffer<B> memory = allocate_parameters(backend_, *this);

  Weights3() {
    visit_parameters(*this, [](std::string_view name, auto& p) {
      set_values(B{}, p.view(), random_values(Rng{2}.fork(name), p.count(), 0.5));
    });
  }
  B& backend() { return backend_; }
  static void members(auto& self, auto&& visit) {
    visit("stacked", self.stacked);
    visit("stacked_bias", self.stacked_bias);
    visit("square", self.square);
    visit("other", self.other);
    visit("qkv", self.qkv);
  }
};

const Values& input_values() {
  static const Values values = random_values(Rng{3}, 12);
  return values;
}

/// Three rows of width 4: a constant.
Rows<T, 4> input(T& tape) {
  const auto x = tape.allocate(3, Size<4>{});
  set_values(B{}, x.view, input_values());
  return x;
}

/// Rows to a number: Σ a_ij y_ij for fixed a, row by row.
template <Index W>
Rows<T, 1> weighted_sum(T& tape, Rows<T, W> y) {
  const auto a = tape.allocate(y.rows(), Size<W>{y.cols()});
  set_values(B{}, a.view, random_values(Rng{4}, a.view.count()));
  Rows<T, dyn> sum;
  for (Index i = 0; i < y.rows(); ++i) {
    auto& row = tape.template keep<std::vector<std::int32_t>>();
    row.assign(1, static_cast<std::int32_t>(i));
    const auto part = matmul_nt(tape, gather(tape, y, Ids{row}), Rows<T, W>{a.view.middle_rows(i, 1)});
    sum = i == 0 ? part : add(tape, sum, part);
  }
  return sum;
}

Rows<T, 1> plain_loss(T& tape, const Weights3& w) {
  return weighted_sum(tape, linear<fn::QuickGelu>(tape, input(tape), Size<4>{}, w.square, absent));
}

}  // namespace

TEST_CASE("gradients of rows that are used several times add up") {
  Weights3 w;
  Parameters table{w, only("square", "other")};
  check_gradients(table, [&](T& tape) {
    const auto x = linear<fn::Gelu>(tape, input(tape), Size<4>{}, w.square, absent);
    const auto y = linear(tape, x, Size<4>{}, w.other, absent, x);  // rows and residual at once
    return weighted_sum(tape, add(tape, map(tape, fn::QuickGelu{}, x), y));
  });
}

TEST_CASE("rows that are input and residual of one op, and nothing else, get both gradients") {
  Weights3 w;
  Parameters table{w, only("square", "other")};
  check_gradients(table, [&](T& tape) {
    const auto x = linear(tape, input(tape), Size<4>{}, w.square, absent);
    return weighted_sum(tape, linear<fn::Gelu>(tape, x, Size<4>{}, w.other, absent, x));
  });
}

TEST_CASE("x + x has twice the gradient") {
  Weights3 w;
  Parameters table{w, only("square")};
  check_gradients(table, [&](T& tape) {
    const auto x = linear(tape, input(tape), Size<4>{}, w.square, absent);
    return weighted_sum(tape, add(tape, x, x));
  });
}

TEST_CASE("a b with a = b adds both gradients into one target") {
  Weights3 w;
  Parameters table{w, only("square")};
  check_gradients(table, [&](T& tape) {
    const auto x = linear(tape, input(tape), Size<4>{}, w.square, absent);
    return weighted_sum(tape, matmul_nt(tape, x, x));
  });
}

TEST_CASE("slices of a parameter have their gradients in its rows") {
  Weights3 w;
  Parameters table{w, only("stacked*")};
  const auto loss = [&](T& tape) {
    const auto x = input(tape);
    const auto q = linear(tape, x, Size<3>{}, slice(w.stacked, 0, 3), slice(w.stacked_bias, 0, 3));
    const auto k = linear<fn::Gelu>(tape, x, Size<6>{}, slice(w.stacked, 3, 6), slice(w.stacked_bias, 3, 6));
    return add(tape, weighted_sum(tape, q), weighted_sum(tape, k));
  };
  check_gradients(table, loss);
}

TEST_CASE("rows of a parameter that no slice used have gradient zero") {
  Weights3 w;
  Parameters table{w, only("stacked*")};
  const auto gradients = gradients_of(table, [&](T& tape) {
    return weighted_sum(tape,
                        linear(tape, input(tape), Size<3>{}, slice(w.stacked, 3, 3), slice(w.stacked_bias, 3, 3)));
  });
  CHECK(max_magnitude(std::span(gradients[0]).first(12)) == 0);
  CHECK(max_magnitude(std::span(gradients[0]).last(12)) == 0);
  CHECK(max_magnitude(std::span(gradients[0]).subspan(12, 12)) > 0);
  CHECK(max_magnitude(std::span(gradients[1]).first(3)) == 0);
}

TEST_CASE("a weight used twice in one pass adds both gradients") {
  Weights3 w;
  Parameters table{w, only("square")};
  check_gradients(table, [&](T& tape) {
    const auto x = linear<fn::GeluTanh>(tape, input(tape), Size<4>{}, w.square, absent);
    return weighted_sum(tape, linear(tape, x, Size<4>{}, w.square, absent));
  });
}

TEST_CASE("a frozen parameter gets no gradient; those before it still do, with the same bits") {
  Weights3 w;
  const auto loss = [&](T& tape) {
    const auto x = linear<fn::Gelu>(tape, input(tape), Size<4>{}, w.square, absent);
    return weighted_sum(tape, linear(tape, x, Size<4>{}, w.other, absent));
  };
  Parameters all{w, only("square", "other")}, some{w, only("square")};
  CHECK(gradients_of(some, loss)[0] == gradients_of(all, loss)[0]);
  CHECK(some.find(w.other.data) == nullptr);
}

TEST_CASE("a parameter the loss does not reach stays fresh") {
  Weights3 w;
  Parameters table{w};
  const auto gradients = gradients_of(table, [&](T& tape) { return plain_loss(tape, w); });
  CHECK(table.find("other")->fresh);
  CHECK(table.find("stacked")->fresh);
  CHECK_FALSE(table.find("square")->fresh);
}

TEST_CASE("gradients of two passes add until they are cleared") {
  Weights3 w;
  Parameters table{w, only("square")};
  const Values once = gradients_of(table, [&](T& tape) { return plain_loss(tape, w); })[0];
  Tape tape{table};
  tape.backward(plain_loss(tape, w));  // a second pass into the same table
  Values twice = values_of(B{}, View<const double>{table.entries()[0].gradient});
  for (std::size_t i = 0; i < once.size(); ++i) CHECK(twice[i] == doctest::Approx(2 * once[i]).epsilon(1e-14));
  table.clear_gradients();
  tape.clear();
  tape.backward(plain_loss(tape, w));
  CHECK(values_of(B{}, View<const double>{table.entries()[0].gradient}) == once);
}

TEST_CASE("a second backward over one pass is an OptionError, not another gradient") {
  Weights3 w;
  Parameters table{w, only("square")};
  Tape tape{table};
  const auto loss = plain_loss(tape, w);
  tape.backward(loss);
  const Values once = values_of(B{}, View<const double>{table.entries()[0].gradient});
  CHECK_THROWS_WITH_AS(
      tape.backward(loss),
      "backward: this pass has had its backward pass: add the losses, or clear the tape and record again", OptionError);
  CHECK(values_of(B{}, View<const double>{table.entries()[0].gradient}) == once);
}

TEST_CASE("two results of one tape that share no op have a backward pass each") {
  Weights3 w;
  Parameters table{w, only("square", "other")};
  Tape tape{table};
  const auto a = weighted_sum(tape, linear(tape, input(tape), Size<4>{}, w.square, absent));
  const auto b = weighted_sum(tape, linear(tape, input(tape), Size<4>{}, w.other, absent));
  tape.backward(a);
  tape.backward(b);
  CHECK(values_of(B{}, View<const double>{table.entries()[0].gradient}) ==
        values_of(B{}, View<const double>{table.entries()[1].gradient}));
}

TEST_CASE("backward from rows with a given gradient is backward from their sum with it") {
  Weights3 w;
  Parameters table{w, only("square")};
  const Values expected = gradients_of(
      table, [&](T& tape) { return weighted_sum(tape, linear(tape, input(tape), Size<4>{}, w.square, absent)); })[0];
  const Matrix<B> dy{{}, 3, 4, random_values(Rng{4}, 12)};
  table.clear_gradients();
  Tape tape{table};
  tape.backward(linear(tape, input(tape), Size<4>{}, w.square, absent), View<const double>{dy.view()});
  CHECK(max_difference(values_of(B{}, View<const double>{table.entries()[0].gradient}), expected) <
        ScalarTraits<double>::backend_tolerance);
}

TEST_CASE("a leaf has a gradient though no op made it") {
  Weights3 w;
  Parameters table{w, only("square")};
  Tape tape{table};
  const auto x = tape.leaf(input(tape)), unused = tape.leaf(input(tape));
  tape.backward(weighted_sum(tape, linear(tape, x, Size<4>{}, w.other, absent)));
  // dx = dy w
  const Values dy = random_values(Rng{4}, 12), weight = values_of(B{}, View<const double>{w.other.view()});
  const Values found = values_of(B{}, tape.gradient_of(x));
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t k = 0; k < 4; ++k) {
      double expected = 0;
      for (std::size_t n = 0; n < 4; ++n) expected += dy[4 * i + n] * weight[4 * n + k];
      CHECK(found[4 * i + k] == doctest::Approx(expected).epsilon(1e-14));
    }
  CHECK_FALSE(tape.gradient_of(unused));
  CHECK_THROWS_AS(tape.gradient_of(input(tape)), OptionError);
}

TEST_CASE("a tape without a table has the gradients of rows, and keeps those that are retained") {
  Weights3 w;
  Parameters table{w, only("square")};
  const auto layers = [&w](T& tape) {
    const auto x = linear(tape, input(tape), Size<4>{}, w.square, absent);
    return weighted_sum(tape, linear<fn::QuickGelu>(tape, x, Size<4>{}, w.other, absent));
  };
  const auto gradient_of_x = [&](T& tape) {
    const auto loss = layers(tape);
    View<const double> found;
    bool first = true;
    tape.visit_nodes([&](TapeNode<B>& node) { node.retained = std::exchange(first, false); });
    tape.backward(loss);
    first = true;
    tape.visit_nodes([&](const TapeNode<B>& node) {
      if (std::exchange(first, false)) found = node.gradient;
      else CHECK_FALSE(node.gradient);
    });
    REQUIRE(found.count() == 12);
    return Values(found.data, found.data + 12);
  };
  T with{table}, without{B{}, {.every_row = true}}, constant{B{}};
  const Values expected = gradient_of_x(with);
  CHECK(gradient_of_x(without) == expected);
  without.clear();
  CHECK(gradient_of_x(without) == expected);
  CHECK_THROWS_AS(constant.backward(layers(constant)), OptionError);
}

TEST_CASE("a loss that depends on nothing trained is an OptionError") {
  Weights3 w;
  Parameters table{w, only("square")};
  Tape tape{table};
  const char* sentence = "backward: the loss does not depend on any parameter of the table";
  CHECK_THROWS_WITH_AS(tape.backward(weighted_sum(tape, linear(tape, input(tape), Size<4>{}, w.other, absent))),
                       sentence, OptionError);
  CHECK_THROWS_WITH_AS(tape.backward(Rows<T, 1>{tape.allocate(1, Size<1>{})}), sentence, OptionError);
}

TEST_CASE("a loss is one number, and a given gradient has the shape of its rows") {
  Weights3 w;
  Parameters table{w, only("square")};
  Tape tape{table};
  const auto y = linear(tape, input(tape), Size<4>{}, w.square, absent);
  CHECK_THROWS_WITH_AS(tape.backward(y), "backward: values of the loss: expected 1, found 12", ShapeError);
  const Matrix<B> dy{{}, 4, 3, random_values(Rng{4}, 12)};
  CHECK_THROWS_WITH_AS(tape.backward(y, View<const double>{dy.view()}),
                       "backward: shape of the gradient: expected (3, 4), found (4, 3)", ShapeError);
}

TEST_CASE("temporary results of a stage are recomputed in the backward pass, with the same bits, in less memory") {
  Weights3 w;
  const auto gain = slice(w.stacked_bias, 0, 4), shift = slice(w.stacked_bias, 4, 4);
  const auto block = [&](T& tape, Rows<T, 4> x) {
    const auto normed = tape.apply(LayerNormOp{1e-5}, x.rows(), Size<4>{}, x, gain, shift);
    const auto hidden =
        linear<fn::QuickGelu>(tape, normed, Size<4>{}, w.square, absent, normed);  // reads what has to be made first
    return linear(tape, hidden, Size<4>{}, w.other, absent, x);
  };
  const auto loss = [&](T& tape, bool staged) {
    auto x = input(tape);
    for (int layer = 0; layer < 6; ++layer)
      x = staged ? tape.stage(x, [&](Rows<T, 4> y) { return block(tape, y); }) : block(tape, x);
    return weighted_sum(tape, x);
  };
  for (const auto& chosen : {only("*"), only("other"), only("stacked_bias")}) {
    Parameters table{w, chosen};
    CHECK(gradients_of(table, [&](T& tape) { return loss(tape, true); }) ==
          gradients_of(table, [&](T& tape) { return loss(tape, false); }));
    Tape whole{table}, staged{table};
    whole.backward(loss(whole, false));
    staged.backward(loss(staged, true));
    CHECK(staged.bytes() < whole.bytes());
  }
}

TEST_CASE("first_not_finite finds a temporary result that its stage has released") {
  Weights3 w;
  Parameters table{w, only("square", "other")};
  Tape tape{table};
  auto x = input(tape);
  x.view(1, 1) = INFINITY;
  tape.stage(x, [&](Rows<T, 4> y) {
    return linear(tape, linear<fn::Gelu>(tape, y, Size<4>{}, w.square, absent), Size<4>{}, w.other, absent);
  });
  CHECK(tape.first_not_finite() == "linear at square");
}

TEST_CASE("recomputed blocks give the same bits, in less memory") {
  Weights3 w;
  Parameters table{w, only("square", "other")};
  const auto loss = [&](T& tape) {
    auto x = input(tape);
    for (int layer = 0; layer < 6; ++layer)
      x = tape.stage(x, [&tape, &w](Rows<T, 4> y) {
        const auto hidden = linear<fn::QuickGelu>(tape, y, Size<4>{}, w.square, absent);
        return linear(tape, hidden, Size<4>{}, w.other, absent, y);
      });
    return weighted_sum(tape, x);
  };
  CHECK(gradients_of(table, loss, {.recompute = true}) == gradients_of(table, loss));

  Tape kept{table}, recomputed{table, {.recompute = true}};
  for (Tape<B>* tape : {&kept, &recomputed}) {
    tape->backward(loss(*tape));
    tape->clear();
  }
  CHECK(recomputed.bytes() < kept.bytes());
}

TEST_CASE("blocks recomputed inside give the same bits, in less memory, whatever is trained") {
  Weights3 w;
  Sequences sequences;
  sequences.add(1);
  sequences.add(2);
  const auto block = [&w, &sequences](T& tape, Rows<T, 4> x) {
    const auto qkv = linear(tape, x, Size<12>{}, w.qkv, absent);
    const auto seen = attention(tape, qkv, Size<4>{}, sequences, {.heads = 2, .causal = true});
    const auto sum = linear(tape, seen, Size<4>{}, w.square, absent, x);
    return linear(tape, linear<fn::QuickGelu>(tape, sum, Size<4>{}, w.other, absent), Size<4>{}, w.square, absent, sum);
  };
  const auto loss = [&](T& tape) {
    auto x = tape.leaf(input(tape));
    for (int layer = 0; layer < 6; ++layer) x = tape.stage(x, [&tape, &block](Rows<T, 4> y) { return block(tape, y); });
    return weighted_sum(tape, x);
  };
  for (const auto& chosen : {only("*"), only("other"), only("square"), only("qkv")}) {
    Parameters table{w, chosen};
    CHECK(gradients_of(table, loss, {.recompute_inside = true}) == gradients_of(table, loss));
    CHECK(gradients_of(table, loss, {.recompute_inside = true}) == gradients_of(table, loss, {.recompute = true}));
    Tape kept{table}, inside{table, {.recompute_inside = true}};
    kept.backward(loss(kept));
    inside.backward(loss(inside));
    CHECK(inside.bytes() < kept.bytes());
    // Where nothing follows, the result of a stage is read as it was made.
    Tape last{table, {.recompute_inside = true}};
    const auto x = last.leaf(input(last));
    const auto y = last.stage(x, [&](Rows<T, 4> rows) {
      return attention(last, linear(last, rows, Size<12>{}, w.qkv, absent), Size<4>{}, sequences, {.heads = 2});
    });
    CHECK(values_of(B{}, View<const double>{y.view}).size() == 12);
    last.backward(weighted_sum(last, y));
    CHECK(values_of(B{}, last.gradient_of(x)) != Values(12, 0.0));
  }
}

TEST_CASE("recomputed blocks pass gradients to the ops before them, and to leaves") {
  Weights3 w;
  Parameters table{w, only("square", "other")};
  Values leaf_gradients[2];
  for (const bool recompute : {false, true}) {
    table.clear_gradients();
    Tape tape{table, {.recompute = recompute}};
    const auto x = tape.leaf(input(tape));
    const auto first = linear(tape, x, Size<4>{}, w.square, absent);
    const auto y =
        tape.stage(first, [&tape, &w](Rows<T, 4> r) { return linear<fn::Gelu>(tape, r, Size<4>{}, w.other, absent); });
    tape.backward(weighted_sum(tape, add(tape, y, first)));
    leaf_gradients[recompute] = values_of(B{}, tape.gradient_of(x));
  }
  CHECK(leaf_gradients[0] == leaf_gradients[1]);
  CHECK(max_magnitude(leaf_gradients[0]) > 0);
}

TEST_CASE("first_not_finite names the first op with a non-finite result and the weight near it") {
  Weights3 w;
  Parameters table{w, only("square", "other")};
  Tape tape{table};
  auto x = linear(tape, input(tape), Size<4>{}, w.square, absent);
  linear(tape, x, Size<4>{}, w.other, absent);
  CHECK(tape.first_not_finite().empty());
  tape.clear();
  auto y = input(tape);
  y.view(1, 1) = INFINITY;
  linear(tape, y, Size<4>{}, w.square, absent);
  CHECK(tape.first_not_finite() == "linear at square");
  w.other.view()(0, 0) = NAN;
  tape.clear();
  x = linear(tape, input(tape), Size<4>{}, w.square, absent);
  linear(tape, x, Size<4>{}, w.other, absent);
  CHECK(tape.first_not_finite() == "other (the weight itself)");
}

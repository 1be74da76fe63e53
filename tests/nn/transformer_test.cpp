// The transformer: pooled rows, and custom block families.
#include <clip/autograd/tape.hpp>
#include <clip/backend/naive.hpp>
#include <clip/model/storage.hpp>
#include <clip/nn/transformer.hpp>
#include <clip/optim/sgd.hpp>

#include "../support/check_gradients.hpp"
#include "gated_block.hpp"

#include <doctest/doctest.h>

using namespace clip;
using namespace clip::testing;

namespace {

using B = Naive<double>;
constexpr BlockConfig Small{
    .width = 6, .heads = 2, .hidden = 10, .causal = true, .activation = Activation::gelu, .epsilon = 1e-5f};

template <class Blocks>
struct Stack {
  B backend_;
  Transformer<Small, 2, B, Blocks> transformer{{}, Known<Small>{}};
  Buffer<B> memory = allocate_parameters(backend_, *this);
  Sequences sequences;

  Stack() {
    visit_parameters(*this, [](std::string_view name, auto& p) {
      set_values(B{}, p.view(), random_values(Rng{8}.fork(name), p.count(), 0.4));
    });
    sequences.add(2);
    sequences.add(3, 0);
    sequences.pool(4);
    sequences.add(2, 0);
    sequences.pool(5);
    sequences.pool(6);
    sequences.add(1);
    sequences.pool(7);
  }
  B& backend() { return backend_; }
  static void members(auto& self, auto&& visit) { visit("transformer", self.transformer); }
};

template <class Cx>
Rows<Cx, 6> input(Cx& cx) {
  const auto x = cx.allocate(8, Size<6>{});
  set_values(B{}, x.view, random_values(Rng{9}, 48));
  return x;
}

template <class Blocks>
void pooled_equals_gathered() {
  Stack<Blocks> stack;
  Parameters table{stack};
  const auto pooled = [&](Tape<B>& cx) { return stack.transformer.pooled(cx, input(cx), stack.sequences); };
  const auto gathered = [&](Tape<B>& cx) {
    return gather(cx, stack.transformer.rows(cx, input(cx), stack.sequences, 2), stack.sequences.pooled());
  };
  Tape tape{table};
  CHECK(max_difference(values_of(B{}, View<const double>{pooled(tape).view}),
                       values_of(B{}, View<const double>{gathered(tape).view})) <
        ScalarTraits<double>::backend_tolerance);
  const auto by_pooled = gradients_of(table, [&](Tape<B>& cx) { return some_loss(cx, pooled(cx)); });
  const auto by_gathered = gradients_of(table, [&](Tape<B>& cx) { return some_loss(cx, gathered(cx)); });
  for (std::size_t i = 0; i < by_pooled.size(); ++i) {
    INFO(table.entries()[i].name);
    CHECK(max_difference(by_pooled[i], by_gathered[i]) <
          ScalarTraits<double>::backend_tolerance * std::max(1.0, max_magnitude(by_gathered[i])));
  }
}

}  // namespace

TEST_CASE("the last block for pooled rows only equals all rows followed by gather, forward and backward") {
  pooled_equals_gathered<Residual>();
}

TEST_CASE("rows of custom blocks without pooled() are gathered") { pooled_equals_gathered<Gated>(); }

TEST_CASE_TEMPLATE("the stack passes the gradient check in every parameter", Blocks, Residual, Gated) {
  Stack<Blocks> stack;
  Parameters table{stack};
  check_gradients(table,
                  [&](Tape<B>& cx) { return some_loss(cx, stack.transformer.pooled(cx, input(cx), stack.sequences)); });
}

TEST_CASE_TEMPLATE("recomputing the stack in the backward pass gives the same bits", Blocks, Residual, Gated) {
  Stack<Blocks> stack;
  Parameters table{stack};
  const auto record = [&](Tape<B>& cx) {
    return some_loss(cx, stack.transformer.pooled(cx, input(cx), stack.sequences));
  };
  CHECK(gradients_of(table, record, {.recompute = true}) == gradients_of(table, record));
}

TEST_CASE_TEMPLATE("inference and tape give the same bits", Blocks, Residual, Gated) {
  Stack<Blocks> stack;
  Parameters table{stack};
  Tape tape{table};
  Inference<B> inference;
  CHECK(
      values_of(B{}, View<const double>{stack.transformer.pooled(inference, input(inference), stack.sequences).view}) ==
      values_of(B{}, View<const double>{stack.transformer.pooled(tape, input(tape), stack.sequences).view}));
}

TEST_CASE("a custom block family trains") {
  Stack<Gated> stack;
  Parameters table{stack};
  Sgd optimizer{table, {.learning_rate = 0.02f, .momentum = 0.9f, .weight_decay = 0}};
  const auto record = [&](Tape<B>& cx) {
    return some_loss(cx, stack.transformer.pooled(cx, input(cx), stack.sequences));
  };
  const double before = loss_of(table, record);
  Tape tape{table};
  for (int step = 0; step < 40; ++step) {
    tape.clear();
    tape.backward(record(tape));
    optimizer.step();
  }
  CHECK(loss_of(table, record) < 0.3 * before);
}

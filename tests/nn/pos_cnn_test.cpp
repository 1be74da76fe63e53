// PosCNN against its PyTorch twin (golden/make_modules.py), and between the blocks of a stack.
#include <clip/autograd/tape.hpp>
#include <clip/backend/cpu.hpp>
#include <clip/backend/naive.hpp>
#include <clip/nn/pos_cnn.hpp>
#include <clip/nn/transformer.hpp>

#include "../support/check_gradients.hpp"
#include "../support/names.hpp"
#include "module_golden.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace clip;
using namespace clip::testing;

namespace {

template <class B>
void check_case(const std::string& name, Index stride, bool final_ln) {
  using T = typename B::Scalar;
  INFO(name);
  const ModuleCase expected{"pos_cnn." + name};
  const Index rows = expected.extent("input.x", 0), images = expected.extent("input.x", 1);
  Holder<B, PosCnn<B, 16>> held{PosCnn<B, 16>{{}, stride, final_ln}};
  held.read(expected);
  Sequences sequences, out;
  sequences.assign_uniform(images, rows);
  const auto input = [&](auto& cx) {
    const auto x = cx.allocate(images * rows, Size<16>{});
    set_values(B{}, x.view, swapped(expected("input.x"), rows, images));
    return x;
  };

  Parameters<B> table{held};
  Tape<B> tape{table};
  const auto x = tape.leaf(input(tape));
  const auto y = held.module(tape, x, sequences, out);
  const Index kept = expected.extent("output.y", 0);
  CHECK(out.rows() == y.rows());
  CHECK(out.longest() == kept);
  check_close("y", values_of(B{}, View<const T>{y.view}), swapped(expected("output.y"), kept, images));

  const Matrix<B> dy{B{}, y.rows(), 16, swapped(expected("input.dy"), kept, images)};
  tape.backward(y, View<const T>{dy.view()});
  check_close("dx", values_of(B{}, tape.gradient_of(x)), swapped(expected("gradient.x"), rows, images));
  check_gradients_of(table, expected, 1);

  Inference<B> inference;
  const auto inferred = held.module(inference, input(inference), sequences, out);
  CHECK(max_difference(values_of(B{}, View<const T>{inferred.view}), values_of(B{}, View<const T>{y.view})) <=
        ScalarTraits<T>::backend_tolerance);
}

constexpr BlockConfig Small{
    .width = 8, .heads = 2, .hidden = 10, .causal = false, .activation = Activation::gelu, .epsilon = 1e-5f};

template <class B>
struct Stack {
  B backend_;
  Transformer<Small, 4, B, WithPosCnn<Residual>> transformer;
  Buffer<B> memory = allocate_parameters(backend_, *this);
  Sequences sequences;

  explicit Stack(const PosCnnConfig& places) : transformer{{}, Known<Small>{}, places} {
    visit_parameters(*this, [](std::string_view name, auto& p) {
      set_values(B{}, p.view(), random_values(Rng{8}.fork(name), p.count(), 0.4));
    });
    sequences.assign_uniform(2, 10);
  }
  B& backend() { return backend_; }
  static void members(auto& self, auto&& visit) { visit("transformer", self.transformer); }

  template <class Cx>
  Rows<Cx, 8> input(Cx& cx) const {
    const auto x = cx.allocate(20, Size<8>{});
    set_values(B{}, x.view, random_values(Rng{9}, 160));
    return x;
  }
};

}  // namespace

TEST_CASE_TEMPLATE("reference numbers: PosCNN", B, Naive<double>, Naive<float>, Cpu<float>) {
  check_case<B>("halved", 2, true);
  check_case<B>("even", 2, true);
  check_case<B>("kept", 1, true);
  check_case<B>("without_ln", 2, false);
  check_case<B>("single", 2, true);
}

TEST_CASE("PosCNNs between blocks are named by the block before them, and pass the gradient check") {
  Stack<Naive<double>> stack{PosCnnConfig::after({0, 2})};
  const NamedShapes shapes = named_shapes(stack);
  CHECK(shapes.at("transformer.between.0.proj.0.weight") == Shape{8, 8, 3, 3});
  CHECK(shapes.at("transformer.between.2.mlp.0.weight") == Shape{8, 8});
  CHECK(shapes.at("transformer.between.2.ln_1.bias") == Shape{8});
  CHECK_FALSE(shapes.contains("transformer.between.1.mlp.2.weight"));
  Inference<Naive<double>> cx;
  CHECK(stack.transformer.rows(cx, stack.input(cx), stack.sequences, 4).rows() == 4);  // 3 × 3, 2 × 2, 1 × 1
  Parameters table{stack, except("*.in_proj_bias")};
  check_gradients(table, [&](auto& tape) {
    return some_loss(tape, stack.transformer.pooled(tape, stack.input(tape), stack.sequences));
  });
}

TEST_CASE("PosCNN refuses what is no square grid, strides beyond 2 and odd widths, in one sentence") {
  Holder<Naive<float>, PosCnn<Naive<float>, 8>> held{PosCnn<Naive<float>, 8>{{}}};
  held.fill(1);
  Sequences sequences, out;
  sequences.assign_uniform(2, 7);
  Inference<Naive<float>> cx;
  const auto run = [&] { held.module(cx, cx.allocate(sequences.rows(), Size<8>{}), sequences, out); };
  CHECK_THROWS_WITH_AS(run(), "pos_cnn: rows of an image: expected a class token and a square grid of patches, found 7",
                       ShapeError);
  sequences.assign_uniform(2, 1);
  CHECK_THROWS_AS(run(), ShapeError);
  sequences.assign_uniform(1, 5);
  sequences.add(2);
  CHECK_THROWS_WITH_AS(run(), "pos_cnn: images of one size expected, found sequences of different lengths", ShapeError);
  CHECK_THROWS_WITH_AS((PosCnn<Naive<float>, 8>{{}, 3}), "pos_cnn: stride: expected 1 or 2, found 3", OptionError);
  CHECK_THROWS_WITH_AS((PosCnn<Naive<float>, dyn>{Size<dyn>{12}}), "pos_cnn: width: expected a multiple of 8, found 12",
                       OptionError);
}

TEST_CASE("places of PosCNNs: helpers, sides and problems") {
  const PosCnnConfig c = PosCnnConfig::after({1, 3});
  CHECK(c.last() == 3);
  CHECK(c.count() == 2);
  CHECK(c.side_after(7, 0) == 7);
  CHECK(c.side_after(7, 1) == 4);
  CHECK(c.side_after(7, 9) == 2);
  CHECK(in_words(c) == "after block 1, stride 2; after block 3, stride 2");
  CHECK(PosCnnConfig::halfway(12) == PosCnnConfig::after({5}));
  CHECK(problem(c, 8, 5) == nullptr);
  CHECK(std::string(problem(c, 8, 4)) == "PosCNN: a module must stand between two blocks, not after the last");
  CHECK(std::string(problem(c, 12, 5)) == "PosCNN: the width must be a multiple of 8");
  CHECK(std::string(problem(PosCnnConfig::after({0}, 3), 8, 5)) == "PosCNN: the stride must be 1 or 2");
}

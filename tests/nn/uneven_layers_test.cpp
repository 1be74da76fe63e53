// Stacks whose blocks differ in heads, attention width and MLP width, and stacks with a module between their blocks.
#include <clip/autograd/tape.hpp>
#include <clip/backend/cpu.hpp>
#include <clip/backend/naive.hpp>
#include <clip/model/storage.hpp>
#include <clip/nn/transformer.hpp>

#include "../support/check_gradients.hpp"
#include "../support/names.hpp"

#include <doctest/doctest.h>

#include <array>
#include <concepts>
#include <cstdint>
#include <string_view>
#include <vector>

using namespace clip;
using namespace clip::testing;

namespace {

/// The stream is 6 wide everywhere; the rest differs from block to block.
constexpr BlockConfig Uneven{.width = 6,
                             .heads = dyn,
                             .hidden = dyn,
                             .causal = false,
                             .activation = Activation::gelu,
                             .epsilon = 1e-5f,
                             .inner = dyn};

constexpr BlockConfig uneven(Index i) {
  constexpr std::array<Index, 3> heads{2, 1, 3}, inner{4, 0, 3}, hidden{10, 5, 7};
  BlockConfig c = Uneven;
  const auto at = static_cast<std::size_t>(i);
  c.heads = heads[at];
  c.inner = inner[at];
  c.hidden = hidden[at];
  return c;
}

/// Merges neighbouring rows of a sequence after the first block: half as many rows, each a mean of two.
template <Backend B, BlockConfig C>
struct PairMerger {
  Parameter<typename B::Scalar> scale;

  constexpr PairMerger(Known<C> config) : scale{{config->width}, Init::ones()} {}
  static constexpr void members(auto& self, auto&& visit) { visit("scale", self.scale); }

  static constexpr bool after(Index block) { return block == 0; }

  template <class Cx>
  Rows<Cx, C.width> operator()(Cx& cx, Index, Rows<Cx, C.width> x, const Sequences& sequences, Sequences& out) const {
    auto& even = cx.template keep<std::vector<std::int32_t>>();
    auto& odd = cx.template keep<std::vector<std::int32_t>>();
    even.clear();
    odd.clear();
    out.clear();
    for (const Segment& s : sequences.segments()) {
      const Index begin = out.rows();
      out.add(s.length() / 2);
      out.pool(begin);
      for (Index i = 0; i < s.length() / 2; ++i) {
        even.push_back(static_cast<std::int32_t>(s.begin + 2 * i));
        odd.push_back(static_cast<std::int32_t>(s.begin + 2 * i + 1));
      }
    }
    return add(cx, gather(cx, x, Ids{even}), gather(cx, x, Ids{odd}));
  }
};

struct Merging {
  template <Backend B, BlockConfig C>
  using block = ResidualBlock<B, C>;
  template <Backend B, BlockConfig C>
  using between = PairMerger<B, C>;
};

template <class B, class Blocks>
struct Stack {
  B backend_;
  Transformer<Uneven, 3, B, Blocks> transformer{{}, uneven};
  Buffer<B> memory = allocate_parameters(backend_, *this);
  Sequences sequences;

  Stack() {
    visit_parameters(*this, [](std::string_view name, auto& p) {
      set_values(B{}, p.view(), random_values(Rng{8}.fork(name), p.count(), 0.4));
    });
    sequences.assign_uniform(2, 4);
  }
  B& backend() { return backend_; }
  static void members(auto& self, auto&& visit) { visit("transformer", self.transformer); }

  template <class Cx>
  Rows<Cx, 6> pooled(Cx& cx) const {
    const auto x = cx.allocate(8, Size<6>{});
    set_values(B{}, x.view, random_values(Rng{9}, 48));
    return transformer.pooled(cx, x, sequences);
  }
};

}  // namespace

TEST_CASE("blocks of one stack may differ in heads, attention width and MLP width") {
  Stack<Naive<double>, Residual> stack;
  const NamedShapes shapes = named_shapes(stack);
  const std::string block = "transformer.resblocks.";
  CHECK(shapes.at(block + "0.attn.in_proj_weight") == Shape{12, 6});
  CHECK(shapes.at(block + "0.attn.out_proj.weight") == Shape{6, 4});
  CHECK(shapes.at(block + "1.attn.in_proj_weight") == Shape{18, 6});
  CHECK(shapes.at(block + "2.attn.in_proj_weight") == Shape{9, 6});
  CHECK(shapes.at(block + "0.mlp.c_fc.weight") == Shape{10, 6});
  CHECK(shapes.at(block + "2.mlp.c_proj.weight") == Shape{6, 7});
}

TEST_CASE_TEMPLATE("a stack of different blocks passes the gradient check in every parameter", Blocks, Residual,
                   Merging) {
  Stack<Naive<double>, Blocks> stack;
  Parameters table{stack, std::same_as<Blocks, Merging> ? except("*.between.*") : Selection{}};
  check_gradients(table, [&](auto& cx) { return some_loss(cx, stack.pooled(cx)); });
}

TEST_CASE_TEMPLATE("inference and tape give the same bits for different blocks", Blocks, Residual, Merging) {
  Stack<Cpu<double>, Blocks> stack;
  Parameters table{stack};
  Tape tape{table};
  Inference<Cpu<double>> inference{stack.backend()};
  const auto taped = stack.pooled(tape);
  const auto inferred = stack.pooled(inference);
  CHECK(max_difference(values_of(Cpu<double>{}, View<const double>{taped.view}),
                       values_of(Cpu<double>{}, View<const double>{inferred.view})) <
        ScalarTraits<double>::backend_tolerance);
}

TEST_CASE("a module between blocks changes the number of rows") {
  Stack<Naive<double>, Merging> stack;
  CHECK(named_shapes(stack).contains("transformer.between.scale"));
  Inference<Naive<double>> cx;
  const auto x = cx.allocate(8, Size<6>{});
  set_values(Naive<double>{}, x.view, random_values(Rng{9}, 48));
  CHECK(stack.transformer.rows(cx, x, stack.sequences, 3).rows() == 4);
  CHECK(stack.pooled(cx).rows() == 2);
}

TEST_CASE("a block whose sizes are in its type refuses others") {
  static constexpr BlockConfig fixed{
      .width = 6, .heads = 2, .hidden = 10, .causal = true, .activation = Activation::gelu, .epsilon = 1e-5f};
  const auto wider = [](Index i) {
    BlockConfig c = fixed;
    c.hidden += i;
    return c;
  };
  CHECK_THROWS_WITH_AS((Transformer<fixed, 2, Naive<double>, Residual>{{}, wider}),
                       "transformer: block 1: expected the sizes in its type, found others", OptionError);
}

// Blocks with a gated adapter, with LayerScale, and with attention beside the MLP.
#include <clip/autograd/tape.hpp>
#include <clip/backend/naive.hpp>
#include <clip/model/storage.hpp>
#include <clip/nn/gated_block.hpp>
#include <clip/nn/layer_scale_block.hpp>
#include <clip/nn/parallel_block.hpp>
#include <clip/nn/transformer.hpp>
#include <clip/ops/pointwise.hpp>
#include <clip/optim/sgd.hpp>

#include "../support/check_gradients.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using namespace clip;
using namespace clip::testing;

namespace {

using B = Naive<double>;
constexpr BlockConfig Tiny{
    .width = 8, .heads = 2, .hidden = 10, .causal = false, .activation = Activation::gelu, .epsilon = 1e-5f};

/// Two blocks over two sequences; the weights of a name are equal whatever the family. `start`: what a family adds has
/// its initial values.
template <class Blocks>
struct Tower {
  B backend_;
  Transformer<Tiny, 2, B, Blocks> transformer{{}, Known<Tiny>{}};
  Buffer<B> memory = allocate_parameters(backend_, *this);
  Sequences sequences;

  explicit Tower(bool start = false) {
    visit_parameters(*this, [&](std::string_view name, auto& p) {
      const bool added = name.ends_with(".gate") || name.ends_with(".gamma");
      Values values = random_values(Rng{8}.fork(name), p.count(), 0.4);
      if (start && added) values.assign(values.size(), p.init.scale);
      set_values(B{}, p.view(), values);
    });
    for (int i = 0; i < 2; ++i) {
      sequences.add(3);
      sequences.pool(3 * i);
    }
  }
  B& backend() { return backend_; }
  static void members(auto& self, auto&& visit) { visit("transformer", self.transformer); }

  template <class Cx>
  auto pooled(Cx& cx) const {
    return transformer.pooled(cx, input(cx), sequences);
  }
  template <class Cx>
  auto rows(Cx& cx) const {
    return transformer.rows(cx, input(cx), sequences, 2);
  }
  template <class Cx>
  static Rows<Cx, 8> input(Cx& cx) {
    const auto x = cx.allocate(6, Size<8>{});
    set_values(B{}, x.view, random_values(Rng{9}, 48));
    return x;
  }
};

template <class Cx, Index W>
Values read(Rows<Cx, W> x) {
  return values_of(B{}, View<const double>{x.view});
}

template <class Blocks>
Values inferred(const Tower<Blocks>& tower) {
  Inference<B> cx;
  Values all = read(tower.rows(cx));
  const Values pooled = read(tower.pooled(cx));
  all.insert(all.end(), pooled.begin(), pooled.end());
  return all;
}

}  // namespace

TEST_CASE_TEMPLATE("the gradients of a modified block are correct in every parameter", Blocks, GatedBlocks,
                   LayerScaleBlocks, ParallelBlocks) {
  Tower<Blocks> tower;
  Parameters table{tower};
  const auto record = [&](Tape<B>& cx) { return some_loss(cx, tower.pooled(cx)); };
  check_gradients(table, record);
  CHECK(gradients_of(table, record, {.recompute = true}) == gradients_of(table, record));
}

TEST_CASE_TEMPLATE("inference and tape give the same bits, pooled rows those of all rows", Blocks, GatedBlocks,
                   LayerScaleBlocks, ParallelBlocks) {
  Tower<Blocks> tower;
  Parameters table{tower};
  Tape tape{table};
  Inference<B> inference;
  CHECK(read(tower.rows(inference)) == read(tower.rows(tape)));
  CHECK(max_difference(read(tower.pooled(inference)), read(gather(tape, tower.rows(tape), tower.sequences.pooled()))) <
        ScalarTraits<double>::backend_tolerance);
}

TEST_CASE("a new gated block has the bits of the plain one, LayerScale its values to rounding") {
  const Values plain = inferred(Tower<Residual>{});
  CHECK(inferred(Tower<GatedBlocks>{true}) == plain);
  CHECK(inferred(Tower<GatedBlocks>{}) != plain);
  CHECK(max_difference(inferred(Tower<LayerScaleBlocks>{true}), plain) < ScalarTraits<double>::backend_tolerance);
  CHECK(max_difference(inferred(Tower<LayerScaleBlocks>{}), plain) > 0.1);
}

TEST_CASE("a parallel block adds attention and MLP of the same normalised rows") {
  Tower<ParallelBlocks> tower;
  Parameters table{tower};
  Tape cx{table};
  auto x = Tower<ParallelBlocks>::input(cx);
  for (Index i = 0; i < 2; ++i) {
    const auto& block = tower.transformer.resblocks[i];
    const auto normed = block.ln_1(cx, x);
    x = add(cx, add(cx, x, block.attn(cx, normed, absent, tower.sequences)), block.mlp(cx, normed, absent));
  }
  CHECK(max_difference(read(x), read(tower.rows(cx))) < ScalarTraits<double>::backend_tolerance);
}

TEST_CASE("only the weights that a pattern selects are trained; the others keep their bits") {
  Tower<GatedBlocks> tower{true};
  Parameters all{tower};
  std::vector<Values> before;
  for (const auto& e : all.entries()) before.push_back(values_of(B{}, View<const double>{e.value}));
  Parameters table{tower, only("*.adapter.*")};
  CHECK(table.entries().size() == 2 * 5);
  Sgd optimizer{table, {.learning_rate = 0.1f, .momentum = 0.9f, .weight_decay = 0}};
  const auto record = [&](Tape<B>& cx) { return some_loss(cx, tower.pooled(cx)); };
  const double loss = loss_of(table, record);
  Tape tape{table};
  for (int step = 0; step < 40; ++step) {
    tape.clear();
    tape.backward(record(tape));
    optimizer.step();
  }
  CHECK(loss_of(table, record) < 0.9 * loss);
  for (std::size_t i = 0; i < before.size(); ++i) {
    const auto& e = all.entries()[i];
    CAPTURE(e.name);
    const bool added = e.name.find(".adapter.") != std::string::npos;
    CHECK((values_of(B{}, View<const double>{e.value}) == before[i]) == !added);
  }
}

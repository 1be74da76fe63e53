#include <clip/autograd/inference.hpp>
#include <clip/backend/naive.hpp>
#include <clip/model/storage.hpp>
#include <clip/nn/bottleneck.hpp>

#include "../support/matrix.hpp"
#include "../support/names.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace clip;
using namespace clip::testing;

namespace {

using B = Naive<double>;
using Cx = Inference<B>;

constexpr BottleneckConfig keeping{.in = 8, .planes = 2},
    halving{.in = 4, .planes = 2, .stride = 2, .downsample = true};
constexpr Grid grid{2, 4, 6};

static_assert(count_parameters(Bottleneck<B, keeping>{}) == 16 + 4 + 36 + 4 + 16 + 16);
static_assert(count_parameters(Bottleneck<B, halving>{}) == 8 + 4 + 36 + 4 + 16 + 16 + 32 + 16);
static_assert(output_grid(Grid{2, 4, 6}, 2) == Grid{2, 2, 3} && output_grid(Grid{2, 4, 6}, 1) == Grid{2, 4, 6} &&
              output_grid(Grid{2, 5, 7}, 2) == Grid{2, 2, 3});

/// A block, or a stage of blocks, at initialisation: norms are the identity, except the last norm of each block, which
/// is zero.
template <class Module>
struct Beginning {
  Module module;
  Buffer<B> memory;
  template <class... A>
  explicit Beginning(A... a) : module{a...}, memory{allocate_parameters(B{}, module)} {
    visit_parameters(module, [](std::string_view name, auto& p) {
      const bool drawn = p.init.rule != Init::Rule::constant;
      set_values(B{}, p.view(),
                 drawn ? random_values(Rng{60}.fork(name), p.count())
                       : Values(static_cast<std::size_t>(p.count()), p.init.scale));
    });
  }
};

template <Index W>
Rows<Cx, W> positive(Cx& cx) {
  const auto x = cx.allocate(grid.rows(), Size<W>{});
  Values values = random_values(Rng{61}, grid.rows() * W);
  for (double& v : values) v = std::abs(v);
  set_values(B{}, x.view, values);
  return x;
}

Values values(auto rows) { return values_of(B{}, View<const double>{rows.view}); }

}  // namespace

TEST_CASE("a new block that keeps the shape computes relu(x)") {
  Cx cx;
  const Beginning<Bottleneck<B, keeping>> block;
  const auto x = positive<8>(cx);
  const Values before = values(x);
  const auto y = block.module(cx, x, grid);
  CHECK(y.view.data == x.view.data);  // in place
  CHECK(values(y) == before);
}

TEST_CASE("a new block with a stride computes the projected average pool") {
  Cx cx;
  const Beginning<Bottleneck<B, halving>> block;
  const auto x = positive<4>(cx);
  const auto& shortcut = block.module.downsample;
  const auto expected =
      map(cx, fn::Relu{}, shortcut.norm(cx, shortcut.conv(cx, average_pool(cx, x, grid, 2), output_grid(grid, 2))));
  const auto found = block.module(cx, x, grid);
  CHECK(found.rows() == 2 * 2 * 3);
  CHECK(max_difference(values(found), values(expected)) <
        ScalarTraits<double>::backend_tolerance * max_magnitude(values(expected)));
}

TEST_CASE("with a weight of one in its last norm a block differs from its shortcut") {
  Cx cx;
  const Beginning<Bottleneck<B, keeping>> block;
  set_values(B{}, block.module.bn3.weight.view(), Values(8, 1));
  const auto x = positive<8>(cx);
  const Values before = values(x);
  CHECK(max_difference(values(block.module(cx, x, grid)), before) > 0.1);
}

TEST_CASE("a stage names its blocks by their numbers and returns the grid of its result") {
  constexpr BottleneckConfig further{.in = 8, .planes = 2};
  const Beginning<BottleneckStage<B, halving, further, 2>> fixed{halving, further, Size<2>{}};
  const auto names = named_shapes(fixed.module);
  for (const char* name : {"0.conv1.weight", "0.downsample.0.weight", "0.downsample.1.running_var", "1.conv2.weight",
                           "2.bn3.num_batches_tracked"})
    CHECK_MESSAGE(names.contains(name), name);
  for (const char* name : {"1.downsample.0.weight", "3.conv1.weight"}) CHECK_MESSAGE(!names.contains(name), name);

  constexpr BottleneckConfig open{.in = dyn, .planes = dyn, .stride = 2, .downsample = true},
      open_further{.in = dyn, .planes = dyn};
  const Beginning<BottleneckStage<B, open, open_further, dyn>> stored{halving, further, Size<dyn>{2}};
  CHECK(named_shapes(stored.module) == names);

  Cx cx;
  Grid at = grid, also = grid;
  const auto x = positive<4>(cx);
  const auto y = fixed.module(cx, x, at);
  CHECK(at == output_grid(grid, 2));
  CHECK((y.rows() == at.rows() && y.cols() == 8));
  CHECK(values(stored.module(cx, Rows<Cx, dyn>{x}, also)) == values(y));
}

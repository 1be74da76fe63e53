#include <clip/autograd/walk.hpp>
#include <clip/nn/layers.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace clip;

namespace {

struct Block {
  Parameter<float> weight;
  constexpr Block(int width) : weight{{width}, Init::zeros()} {}
  static constexpr void members(auto& self, auto&& visit) { visit("weight", self.weight); }
};

static_assert(count_parameters(Layers<Block, 3>{{}, 5}) == 15);

template <Index N>
std::vector<std::string> names(Index n) {
  Layers<Block, N> layers{n, 5};
  std::vector<std::string> names;
  visit_parameters(layers, [&](std::string_view name, auto&) { names.emplace_back(name); });
  return names;
}

}  // namespace

TEST_CASE("layers are named by their numbers, for a compile-time and a run-time count") {
  std::vector<std::string> expected;
  for (int i = 0; i < 12; ++i) expected.push_back(std::to_string(i) + ".weight");
  CHECK(names<12>(12) == expected);
  CHECK(names<dyn>(12) == expected);
}

TEST_CASE("layers report their number") {
  CHECK(Layers<Block, 4>{{}, 5}.size() == 4);
  CHECK(Layers<Block, dyn>{7, 5}.size() == 7);
  CHECK_THROWS_AS((Layers<Block, 4>{3, 5}), ShapeError);
}

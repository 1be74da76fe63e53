#include <clip/tensor/tensor.hpp>

#include <doctest/doctest.h>

#include <type_traits>
#include <utility>
#include <vector>

using namespace clip;

namespace {

template <class F>
concept readable = requires(F&& f) {
  std::forward<F>(f)[0];
};
template <class F>
concept has_values = requires(F&& f) {
  std::forward<F>(f).values();
};

// A temporary has no values() and no operator[].
static_assert(readable<Features<float, 3>&> && !readable<Features<float, 3>>);
static_assert(has_values<Tensor<float>&> && has_values<const Tensor<float>&> && !has_values<const Tensor<float>>);

}  // namespace

TEST_CASE("features are n vectors of one width") {
  Features<float, 3> fixed{2};
  CHECK((fixed.size() == 2 && fixed.width() == 3 && !fixed.empty()));
  fixed[1][2] = 5;
  CHECK(fixed.values()[5] == 5);
  CHECK(fixed.view()(1, 2) == 5);
  const Features<float, dyn> open{2, 4};
  CHECK((open.width() == 4 && open.values().size() == 8));
  CHECK(open[1].size() == 4);
}

TEST_CASE("the number of values of a tensor must match its shape") {
  const Tensor<double> t{{2, 3}, {1, 2, 3, 4, 5, 6}};
  CHECK(t.view()(1, 0) == 4);
  CHECK_THROWS_WITH_AS((Tensor<double>{{2, 3}, std::vector<double>(5)}),
                       "tensor: number of values: expected 6, found 5", ShapeError);
}

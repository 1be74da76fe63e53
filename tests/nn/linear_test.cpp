#include <clip/autograd/inference.hpp>
#include <clip/backend/naive.hpp>
#include <clip/model/storage.hpp>
#include <clip/nn/linear.hpp>

#include "../support/matrix.hpp"

#include <doctest/doctest.h>

using namespace clip;
using namespace clip::testing;

namespace {

using B = Naive<double>;
using Cx = Inference<B>;

template <Index In, Index Out>
struct Layer {
  Linear<B, In, Out> linear{3, 2};
  Buffer<B> memory = allocate_parameters(B{}, linear);
  Layer() {
    set_values(B{}, linear.weight.view(), Values{1, 2, 3, 4, 5, 6});
    set_values(B{}, linear.bias.view(), Values{0.5, -0.5});
  }
};

Rows<Cx, 3> input(Cx& cx) {
  const auto x = cx.allocate(2, Size<3>{});
  set_values(B{}, x.view, Values{1, 0, 0, 1, 1, 1});
  return x;
}

static_assert(count_parameters(Linear<B, 3, 2>{}) == 8);

}  // namespace

TEST_CASE("a linear layer is x Wᵀ + b, for compile-time and run-time widths") {
  Cx cx;
  const Layer<3, 2> fixed;
  CHECK(values_of(B{}, View<const double>{fixed.linear(cx, input(cx)).view}) == Values{1.5, 3.5, 6.5, 14.5});
  const Layer<dyn, dyn> open;
  CHECK(values_of(B{}, View<const double>{open.linear(cx, input(cx)).view}) == Values{1.5, 3.5, 6.5, 14.5});
}

TEST_CASE("an activation and a residual are applied in the same pass") {
  Cx cx;
  const Layer<3, 2> layer;
  const auto y = layer.linear.with(cx, fn::QuickGelu{}, input(cx));
  CHECK(y.view(1, 1) == doctest::Approx(fn::QuickGelu{}(14.5)));
  const auto residual = cx.allocate(2, Size<2>{});
  set_values(B{}, residual.view, Values{100, 200, 300, 400});
  CHECK(values_of(B{}, View<const double>{layer.linear.added_to(cx, residual, input(cx)).view}) ==
        Values{101.5, 203.5, 306.5, 414.5});
  const auto sum = layer.linear.added_to(cx, onto(residual), input(cx));
  CHECK(values_of(B{}, View<const double>{sum.view}) == Values{101.5, 203.5, 306.5, 414.5});
  CHECK(sum.view.data == residual.view.data);  // inference adds in place
}

TEST_CASE("a run-time width is checked at run time") {
  Cx cx;
  const Layer<dyn, dyn> layer;
  const auto narrow = cx.allocate(2, Size<dyn>{4});
  CHECK_THROWS_WITH_AS(layer.linear(cx, narrow), "linear: input width: expected 3, found 4", ShapeError);
}

#include <clip/autograd/inference.hpp>
#include <clip/backend/naive.hpp>
#include <clip/model/storage.hpp>
#include <clip/nn/convolution.hpp>

#include "../support/matrix.hpp"

#include <doctest/doctest.h>

using namespace clip;
using namespace clip::testing;

namespace {

using B = Naive<double>;
using Cx = Inference<B>;

template <Index In, Index Out, Index Kernel>
struct Layer {
  Convolution<B, In, Out, Kernel> conv;
  Buffer<B> memory;
  explicit Layer(Index stride, Index kernel_values) : conv{2, 1, stride}, memory{allocate_parameters(B{}, conv)} {
    Values w(static_cast<std::size_t>(2 * kernel_values));  // the first channel's sum minus the second channel's centre
    for (std::size_t i = 0; i < static_cast<std::size_t>(kernel_values); ++i) w[i] = 1;
    w[static_cast<std::size_t>(kernel_values + kernel_values / 2)] = -1;
    set_values(B{}, conv.weight.view(), w);
  }
};

/// An image of 3 × 3 pixels: ones, and the index of the pixel.
Rows<Cx, 2> image(Cx& cx) {
  const auto x = cx.allocate(9, Size<2>{});
  set_values(B{}, x.view, Values{1, 0, 1, 1, 1, 2, 1, 3, 1, 4, 1, 5, 1, 6, 1, 7, 1, 8});
  return x;
}
constexpr Grid grid{1, 3, 3};

static_assert(count_parameters(Convolution<B, 2, 5, 3>{}) == 90);
static_assert(Convolution<B, 2, 5, 3>{}.over(Grid{4, 7, 9}) == Grid{4, 7, 9} &&
              Convolution<B, 2, 5, 3>{2, 5, 2}.over(Grid{4, 7, 9}) == Grid{4, 4, 5});

}  // namespace

TEST_CASE(
    "a convolution sums the pixels under its window, zeros around the image, whether its widths are in the type or "
    "not") {
  Cx cx;
  const Values expected{4, 6 - 1, 4 - 2, 6 - 3, 9 - 4, 6 - 5, 4 - 6, 6 - 7, 4 - 8};
  CHECK(values_of(B{}, View<const double>{Layer<2, 1, 3>{1, 9}.conv(cx, image(cx), grid).view}) == expected);
  CHECK(values_of(B{}, View<const double>{Layer<dyn, dyn, 3>{1, 9}.conv(cx, image(cx), grid).view}) == expected);
}

TEST_CASE("a stride of 2 skips every other position") {
  Cx cx;
  CHECK(values_of(B{}, View<const double>{Layer<2, 1, 3>{2, 9}.conv(cx, image(cx), grid).view}) ==
        Values{4, 4 - 2, 4 - 6, 4 - 8});
}

TEST_CASE("a 1×1 kernel is a linear map of the channels") {
  Cx cx;
  CHECK(values_of(B{}, View<const double>{Layer<2, 1, 1>{1, 1}.conv(cx, image(cx), grid).view}) ==
        Values{1, 0, -1, -2, -3, -4, -5, -6, -7});
}

TEST_CASE("scale, shift, shortcut and activation are applied in the same pass") {
  Cx cx;
  const Layer<2, 1, 1> layer{1, 1};
  const auto norm = cx.allocate(2, Size<1>{}), shortcut = cx.allocate(9, Size<1>{});
  set_values(B{}, norm.view, Values{2, 10});
  set_values(B{}, shortcut.view, Values{0, 0, 0, 0, 0, 0, 0, 0, 100});
  CHECK(values_of(B{}, View<const double>{layer.conv.folded(cx, fn::Relu{}, image(cx), grid, norm, absent).view}) ==
        Values{12, 10, 8, 6, 4, 2, 0, 0, 0});
  CHECK(values_of(B{}, View<const double>{layer.conv.folded(cx, fn::Relu{}, image(cx), grid, norm, shortcut).view}) ==
        Values{12, 10, 8, 6, 4, 2, 0, 0, 96});
}

TEST_CASE("a run-time width of a convolution is checked at run time") {
  Cx cx;
  const Layer<dyn, dyn, 1> layer{1, 1};
  const auto narrow = cx.allocate(9, Size<dyn>{4});
  CHECK_THROWS_WITH_AS(layer.conv(cx, narrow, grid), "convolution: input width: expected 2, found 4", ShapeError);
}

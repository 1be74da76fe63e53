#include <clip/autograd/inference.hpp>
#include <clip/backend/cpu.hpp>
#include <clip/backend/naive.hpp>
#include <clip/core/scalar.hpp>
#include <clip/ops/fold_batch_norm.hpp>
#include <clip/ops/folded_convolution.hpp>
#include <clip/ops/linear.hpp>
#include <clip/ops/pointwise.hpp>

#include "weight.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace clip;
using namespace clip::testing;

TEST_CASE("a convolution is Σ of products of pixels and weights, with zeros around the image") {
  using B = Naive<double>;
  Inference<B> cx;
  Values pixels(12);
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<double>(i + 1);  // 3 lines of 4
  const Weight<B> w{{1, 1, 3, 3}, {1, 10, 100, 1000, 1e4, 1e5, 1e6, 1e7, 1e8}};
  const auto x = rows_of(cx, 12, 1, pixels);
  const Values y = values_of(cx, convolution(cx, x, {1, 3, 4}, {3, 1, 1}, Size<1>{}, w.p));
  CHECK(y[0] == 1e4 * 1 + 1e5 * 2 + 1e7 * 5 + 1e8 * 6);
  CHECK(y[5] == 1 + 20 + 300 + 5e3 + 6e4 + 7e5 + 9e6 + 1e8 + 1.1e9);
  CHECK(values_of(cx, convolution(cx, x, {1, 3, 4}, {3, 2, 1}, Size<1>{}, w.p)) == Values{y[0], y[2], y[8], y[10]});
}

TEST_CASE("a convolution of one pixel is a linear map of the channels") {
  using B = Naive<double>;
  Inference<B> cx;
  const Values values = random_values(Rng{2}, 15);
  const Weight<B> w{{3, 5, 1, 1}, values}, same{{3, 5}, values};
  const auto x = random_rows(cx, 12, 5);
  CHECK(values_of(cx, convolution(cx, x, {2, 2, 3}, {1, 1, 0}, Size<3>{}, w.p)) ==
        values_of(cx, matmul_nt(cx, x, Rows<Inference<B>, dyn>{View<double>{same.p.data, 3, 5}})));
}

TEST_CASE_TEMPLATE("a folded convolution is the convolution, its batch norm, the shortcut and the activation", B,
                   Naive<double>, Cpu<double>, Cpu<float>) {
  using T = typename B::Scalar;
  Inference<B> cx;
  const Grid grid{2, 6, 5};
  for (const Window window : {Window{3, 1, 1}, Window{3, 2, 1}, Window{1, 1, 0}}) {
    const Weight<B> w{{37, 9, window.size, window.size}, random_values(Rng{2}, 37 * 9 * window.area())};
    const Weight<B> gain{{37}, random_values(Rng{3}, 37)}, bias{{37}, random_values(Rng{4}, 37)},
        mean{{37}, random_values(Rng{5}, 37)};
    Values spread = random_values(Rng{6}, 37);
    for (double& v : spread) v = 0.5 + v * v;
    const Weight<B> variance{{37}, spread}, counter{{}, {0}};
    const BatchNormWeights<T> norm{gain.p, bias.p, mean.p, variance.p, counter.p, 1e-5};
    const auto x = random_rows(cx, grid.rows(), 9);
    const auto plain = batch_norm(cx, convolution(cx, x, grid, window, Size<37>{}, w.p), norm);
    const auto shortcut = random_rows(cx, plain.rows(), 37, 8);

    const auto close = [&](const Values& found, const Values& expected) {
      return max_difference(found, expected) <=
             ScalarTraits<T>::backend_tolerance * std::max(1.0, max_magnitude(expected));
    };
    const auto folded = fold_batch_norm(cx, norm);
    CHECK(close(values_of(cx, folded_convolution<fn::Relu>(cx, x, grid, window, Size<37>{}, w.p, folded, shortcut)),
                values_of(cx, map(cx, fn::Relu{}, add(cx, plain, shortcut)))));
    CHECK(close(values_of(cx, folded_convolution<fn::Identity>(cx, x, grid, window, Size<37>{}, w.p, folded)),
                values_of(cx, plain)));
  }
}

TEST_CASE("mismatched sizes are ShapeErrors") {
  using B = Naive<double>;
  Inference<B> cx;
  const Weight<B> w{{4, 3, 3, 3}, Values(108, 1)};
  const auto x = random_rows(cx, 12, 3);
  CHECK_THROWS_WITH_AS(convolution(cx, x, {1, 3, 3}, {3, 1, 1}, Size<4>{}, w.p),
                       "convolution: rows: expected 9, found 12", ShapeError);
  CHECK_THROWS_WITH_AS(convolution(cx, x, {1, 3, 4}, {1, 1, 0}, Size<4>{}, w.p),
                       "convolution: shape of the weight: expected (4, 3, 1, 1), found (4, 3, 3, 3)", ShapeError);
  CHECK_THROWS_WITH_AS(folded_convolution<fn::Relu>(cx, x, {1, 3, 4}, {3, 1, 1}, Size<4>{}, w.p, random_rows(cx, 2, 5)),
                       "folded_convolution: scale and shift: expected (2, 4), found (2, 5)", ShapeError);
  CHECK_THROWS_WITH_AS(folded_convolution<fn::Relu>(cx, x, {1, 3, 4}, {3, 2, 1}, Size<4>{}, w.p, random_rows(cx, 2, 4),
                                                    random_rows(cx, 12, 4)),
                       "folded_convolution: shortcut: expected (4, 4), found (12, 4)", ShapeError);
}

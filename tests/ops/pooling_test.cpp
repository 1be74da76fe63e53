#include <clip/autograd/inference.hpp>
#include <clip/backend/naive.hpp>
#include <clip/ops/attention.hpp>
#include <clip/ops/pooling.hpp>
#include <clip/ops/tokens.hpp>

#include "weight.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace clip;
using namespace clip::testing;

namespace {
using Cx = Inference<Naive<double>>;

Values counted(Index n) {
  Values values;
  for (Index i = 0; i < n; ++i) values.push_back(static_cast<double>(i));
  return values;
}
}  // namespace

TEST_CASE("an average pool takes means of k × k pixels and drops incomplete windows at the edges") {
  Cx cx;
  const auto x = rows_of(cx, 15, 1, counted(15));  // 3 lines of 5
  CHECK(values_of(cx, average_pool(cx, x, {1, 3, 5}, 2)) == Values{3, 5});
  CHECK(values_of(cx, average_pool(cx, x, {1, 3, 5}, 3)) == Values{6});
  CHECK(average_pool(cx, x, {1, 3, 5}, 1).view.data == x.view.data);
}

TEST_CASE("a maximum pool takes the largest of the pixels that exist; of equal pixels the first has the gradient") {
  Cx cx;
  const auto x = rows_of(cx, 15, 1, {-1, -2, -3, -4, -5, -6, 7, 7, -9, -8, -1, -2, -3, -4, -5});  // 3 lines of 5
  CHECK(values_of(cx, max_pool(cx, x, {1, 3, 5}, {3, 2, 1})) == Values{7, 7, -4, 7, 7, -4});
  CHECK(values_of(cx, max_pool(cx, x, {1, 3, 5}, {2, 1, 0})) == Values{7, 7, 7, -4, 7, 7, 7, -4});
  Naive<double> b;
  Values dx(15, 100.0);
  const Values dy{1, 2, 4, 8, 16, 32};
  b.max_pool_backward(x.view, View<const double>{dy.data(), 6, 1}, {1, 3, 5}, {3, 2, 1},
                      Acc<double>{View<double>{dx.data(), 15, 1}, false});
  CHECK(dx == Values{100, 100, 100, 104, 100, 100, 127, 100, 100, 100, 100, 100, 100, 132, 100});
}

TEST_CASE("channels last takes every value once; pixels become rows") {
  Cx cx;
  Values y = values_of(cx, channels_last(cx, rows_of(cx, 2, 12, counted(24)), 3, {2, 2, 2}, Size<3>{}));
  CHECK(std::vector<double>(y.begin(), y.begin() + 6) == Values{0, 4, 8, 1, 5, 9});
  CHECK(std::vector<double>(y.begin() + 12, y.begin() + 15) == Values{12, 16, 20});
  std::ranges::sort(y);
  CHECK(y == counted(24));
}

TEST_CASE("the mean of an image's rows comes before them, plus positions") {
  Cx cx;
  const Weight<Naive<double>> positions{{5, 1}, {1, 10, 100, 1000, 10000}};
  CHECK(values_of(cx, mean_token(cx, rows_of(cx, 8, 1, {1, 2, 3, 6, 5, 5, 7, 9}), positions.p)) ==
        Values{4, 11, 102, 1003, 10006, 7.5, 15, 105, 1007, 10009});
}

TEST_CASE("pooled attention with keys and values apart is that with both side by side") {
  Cx cx;
  Sequences s;
  s.assign_uniform(2, 3);
  const auto q = random_rows(cx, 2, 4, 1), kv = random_rows(cx, 6, 8, 2);
  const Rows<Cx, dyn> k{kv.view.middle_cols(0, 4)}, v{kv.view.middle_cols(4, 4)};
  CHECK(values_of(cx, pooled_attention(cx, q, k, v, s, {.heads = 2})) ==
        values_of(cx, pooled_attention(cx, q, kv, s, {.heads = 2})));
}

TEST_CASE("mismatched sizes are ShapeErrors") {
  Cx cx;
  const Weight<Naive<double>> positions{{4, 2}, Values(8, 0)};
  Sequences s;
  s.assign_uniform(2, 3);
  const auto x = random_rows(cx, 10, 2);
  CHECK_THROWS_WITH_AS(average_pool(cx, x, {1, 3, 3}, 2), "average_pool: rows: expected 9, found 10", ShapeError);
  CHECK_THROWS_WITH_AS(max_pool(cx, x, {1, 3, 3}, {3, 2, 1}), "max_pool: rows: expected 9, found 10", ShapeError);
  CHECK_THROWS_WITH_AS(max_pool(cx, x, {1, 2, 5}, {3, 2, 3}), "max_pool: padding: expected 2, found 3", ShapeError);
  CHECK_THROWS_WITH_AS(channels_last(cx, x, 1, {10, 1, 3}, Size<1>{}),
                       "channels_last: shape: expected (10, 3), found (10, 2)", ShapeError);
  CHECK_THROWS_WITH_AS(channels_last(cx, x, 2, {10, 1, 1}, Size<dyn>{3}),
                       "channels_last: channels: expected 3, found 2", ShapeError);
  CHECK_THROWS_WITH_AS(mean_token(cx, x, positions.p), "mean_token: rows: expected a multiple of 3, found 10",
                       ShapeError);
  CHECK_THROWS_WITH_AS(mean_token(cx, random_rows(cx, 9, 2), positions.p),
                       "mean_token: pixels of an image: expected a square number, found 3", ShapeError);
  CHECK_THROWS_WITH_AS(pooled_attention(cx, random_rows(cx, 2, 4), random_rows(cx, 6, 4), random_rows(cx, 5, 4), s, {}),
                       "attention: shape of the values: expected (6, 4), found (5, 4)", ShapeError);
}

// Values of ops in cases that can be computed by hand, and ShapeErrors.
#include <clip/autograd/inference.hpp>
#include <clip/backend/naive.hpp>
#include <clip/core/scalar.hpp>
#include <clip/ops/attention.hpp>
#include <clip/ops/linear.hpp>
#include <clip/ops/losses.hpp>
#include <clip/ops/norms.hpp>
#include <clip/ops/patches.hpp>
#include <clip/ops/pointwise.hpp>
#include <clip/ops/tables.hpp>
#include <clip/ops/tokens.hpp>

#include "weight.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

using namespace clip;
using namespace clip::testing;

namespace {

using B = Naive<double>;
using Cx = Inference<B>;

using W = Weight<B>;

Rows<Cx, dyn> rows(Cx& cx, Index n, Index width, const Values& given) { return rows_of(cx, n, width, given); }
Values values(Rows<Cx, dyn> x) { return values_of(B{}, View<const double>{x.view}); }

}  // namespace

TEST_CASE("layer norm without gain and bias has mean 0 and deviation 1") {
  Cx cx;
  const W gain{{16}, Values(16, 1)}, bias{{16}, Values(16, 0)};
  const Values y = values(layer_norm(cx, random_rows(cx, 3, 16), gain.p, bias.p, 0));
  for (std::size_t i = 0; i < 3; ++i) {
    const auto row = std::span(y).subspan(16 * i, 16);
    CHECK(std::abs(dot(row, Values(16, 1))) < 1e-12);
    CHECK(dot(row, row) == doctest::Approx(16));
  }
}

TEST_CASE("normalised rows have length 1 and keep their direction") {
  Cx cx;
  CHECK(values(normalize(cx, rows(cx, 2, 2, {3, 4, 0, -2}))) == Values{0.6, 0.8, 0, -1});
}

TEST_CASE("the cross-entropy of equal logits is the logarithm of their number") {
  Cx cx;
  const std::vector<std::int32_t> three{0, 1, 2}, five{0, 1, 2, 3, 4}, equal{0, 0, 0};
  const auto logits = rows(cx, 3, 5, Values(15, 7.5));
  CHECK(values(cross_entropy(cx, logits, three, five))[0] == doctest::Approx(std::log(5)));
  CHECK(values(cross_entropy(cx, rows(cx, 5, 3, Values(15, 7.5)), five, three, Axis::columns))[0] ==
        doctest::Approx(std::log(5)));
  CHECK(values(cross_entropy(cx, rows(cx, 3, 3, Values(9, 1)), equal, equal, Axis::rows, 0.5f))[0] ==
        doctest::Approx(0.5 * std::log(3)));
}

TEST_CASE("several positives count equally") {
  Cx cx;
  const std::vector<std::int32_t> row{7}, columns{7, 1, 7};
  const double z = std::log(std::exp(1) + std::exp(2) + std::exp(4));
  CHECK(values(cross_entropy(cx, rows(cx, 1, 3, {1, 2, 4}), row, columns))[0] == doctest::Approx(z - (1 + 4) / 2.0));
}

TEST_CASE("the cross-entropy of class labels is the mean of -log softmax at the labels, whatever integers they are") {
  Cx cx;
  const auto logits = rows(cx, 2, 3, {1, 2, 4, 0, -1, 3});
  const auto log_sum = [](double a, double b, double c) { return std::log(std::exp(a) + std::exp(b) + std::exp(c)); };
  const double expected = (log_sum(1, 2, 4) - 2 + log_sum(0, -1, 3) - 3) / 2;
  CHECK(values(cross_entropy(cx, logits, std::vector<int>{1, 2}))[0] == doctest::Approx(expected));
  CHECK(values(cross_entropy(cx, logits, std::array<std::uint8_t, 2>{1, 2}))[0] == doctest::Approx(expected));
  CHECK(values(cross_entropy(cx, logits, std::vector<Index>{1, 2}))[0] == doctest::Approx(expected));
  // Each call keeps labels of its own until the next pass.
  const auto first = cross_entropy(cx, logits, std::vector<int>{0, 0}),
             second = cross_entropy(cx, logits, std::vector<int>{1, 2});
  CHECK(values(first)[0] == doctest::Approx((log_sum(1, 2, 4) - 1 + log_sum(0, -1, 3)) / 2));
  CHECK(values(second)[0] == doctest::Approx(expected));

  CHECK_THROWS_WITH_AS(cross_entropy(cx, logits, std::vector<int>{0, 3}),
                       "cross_entropy: label 1: expected 0 to 2, found 3", InputError);
  CHECK_THROWS_WITH_AS(cross_entropy(cx, logits, std::vector<int>{-1, 0}),
                       "cross_entropy: label 0: expected 0 to 2, found -1", InputError);
  CHECK_THROWS_WITH_AS(cross_entropy(cx, logits, std::vector<int>{0}),
                       "cross_entropy: labels for the rows: expected 2, found 1", ShapeError);
}

TEST_CASE("attention to equal keys is the mean of the values seen") {
  Cx cx;
  Sequences s;
  s.add(2);
  s.add(1, 0);
  s.add(2, 0);
  Values qkv;
  for (int i = 0; i < 5; ++i) qkv.insert(qkv.end(), {0.3 * i, 1, std::pow(10.0, i)});  // q, k, v of width 1
  const auto x = rows(cx, 5, 3, qkv);
  const Values causal = values(attention(cx, x, Size<dyn>{1}, s, {.heads = 1, .causal = true}));
  const Values both = values(attention(cx, x, Size<dyn>{1}, s, {.heads = 1, .causal = false}));
  const Values expected{1, 11.0 / 2, 111.0 / 3, 1011.0 / 3, 11011.0 / 4},
      seen{11.0 / 2, 11.0 / 2, 111.0 / 3, 11011.0 / 4, 11011.0 / 4};
  for (std::size_t i = 0; i < 5; ++i) {
    CHECK(causal[i] == doctest::Approx(expected[i]));
    CHECK(both[i] == doctest::Approx(seen[i]));
  }
}

TEST_CASE("pooled attention is attention at the pooled rows") {
  Cx cx;
  Sequences s;
  s.add(3);
  s.pool(1);
  s.add(2, 0);
  s.pool(4);
  const auto qkv = random_rows(cx, 5, 12);
  const auto all = attention(cx, qkv, Size<dyn>{4}, s, {.heads = 2, .causal = true});
  const auto q = gather(cx, Rows<Cx, dyn>{qkv.view.middle_cols(0, 4)}, s.pooled());
  const auto pooled =
      pooled_attention(cx, q, Rows<Cx, dyn>{qkv.view.middle_cols(4, 8)}, s, {.heads = 2, .causal = true});
  CHECK(values(pooled) == values(gather(cx, all, s.pooled())));
}

TEST_CASE("patches take every pixel once, channel by channel within a patch") {
  Cx cx;
  Values pixels(2 * 16);
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<double>(i);
  const Values y = values(Rows<Cx, dyn>{patches(cx, rows(cx, 1, 32, pixels), 2, 4, 2, Size<dyn>{8})});
  CHECK(std::vector<double>(y.begin() + 8, y.begin() + 16) ==
        Values{2, 3, 6, 7, 18, 19, 22, 23});  // the upper right patch
  Values sorted = y;
  std::ranges::sort(sorted);
  CHECK(sorted == pixels);
}

TEST_CASE("tokens are the class embedding and the patches of every image, plus positions") {
  Cx cx;
  const W first{{2}, {10, 20}}, positions{{3, 2}, {1, 2, 3, 4, 5, 6}};
  CHECK(values(tokens(cx, rows(cx, 4, 2, {100, 100, 200, 200, 300, 300, 400, 400}), first.p, positions.p)) ==
        Values{11, 22, 103, 104, 205, 206, 11, 22, 303, 304, 405, 406});
}

TEST_CASE("an embedding is a token's row and a position's row") {
  Cx cx;
  const W token{{3, 2}, {1, 2, 3, 4, 5, 6}}, position{{2, 2}, {10, 20, 30, 40}};
  const std::vector<std::int32_t> ids{2, 0, 2}, at{0, 1, 1};
  CHECK(values(Rows<Cx, dyn>{embedding(cx, Size<2>{}, ids, at, token.p, position.p)}) ==
        Values{15, 26, 31, 42, 35, 46});
}

TEST_CASE("the activation a configuration names is applied") {
  Cx cx;
  CHECK(values(activate(cx, Activation::gelu_tanh, rows(cx, 1, 1, {0.7})))[0] == fn::GeluTanh{}(0.7));
}

TEST_CASE("mismatched shapes are ShapeErrors") {
  Cx cx;
  Sequences s;
  s.add(3);
  s.pool(2);
  const std::vector<std::int32_t> two{0, 1};
  const auto x = random_rows(cx, 4, 6);
  CHECK_THROWS_WITH_AS(add(cx, x, random_rows(cx, 3, 6)), "add: shape: expected (4, 6), found (3, 6)", ShapeError);
  CHECK_THROWS_WITH_AS(matmul_nt(cx, x, random_rows(cx, 4, 5)), "matmul_nt: width: expected 6, found 5", ShapeError);
  CHECK_THROWS_WITH_AS(attention(cx, x, Size<dyn>{2}, s, {}), "attention: rows: expected 3, found 4", ShapeError);
  CHECK_THROWS_WITH_AS(pooled_attention(cx, random_rows(cx, 2, 3), random_rows(cx, 3, 6), s, {}),
                       "attention: pooled rows and rows: expected (1, 3), found (2, 3)", ShapeError);
  CHECK_THROWS_WITH_AS(cross_entropy(cx, x, two, two),
                       "cross_entropy: groups of rows and columns: expected (4, 6), found (2, 2)", ShapeError);
}

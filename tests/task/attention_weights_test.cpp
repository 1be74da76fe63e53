#include <clip/autograd/constant.hpp>
#include <clip/backend/naive.hpp>
#include <clip/core/rng.hpp>
#include <clip/task/attention_weights.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

using namespace clip;

namespace {

using B = Naive<double>;

/// Queries, keys and values of `rows` rows, 2 heads of width 3.
std::vector<double> random_rows(Index rows, std::uint64_t seed) {
  std::vector<double> values(static_cast<std::size_t>(rows * 18));
  Rng rng{seed};
  for (double& x : values) x = rng.normal();
  return values;
}

/// Σ_j p_ij v_j, what attention returns for query i: head by head.
std::vector<double> mixed(const AttentionLayer& layer, Index query, const std::vector<double>& qkv,
                          const std::vector<Index>& rows) {
  std::vector<double> y(6);
  for (Index h = 0; h < 2; ++h)
    for (Index j = 0; j < layer.keys; ++j)
      for (Index c = 0; c < 3; ++c)
        y[static_cast<std::size_t>(3 * h + c)] +=
            layer.probabilities[layer.at(h, query, j)] *
            qkv[static_cast<std::size_t>(18 * rows[static_cast<std::size_t>(j)] + 12 + 3 * h + c)];
  return y;
}

TokenMixing mixing(Index queries, Index keys, std::vector<double> values, bool pooling = false) {
  return {queries, keys, pooling, std::move(values)};
}

}  // namespace

TEST_CASE("attention of a recorded pass gives the op's result again, also of a prefix tree") {
  Sequences sequences;  // a beginning of 2 rows, continued by 3 rows and by 1
  const Index root = sequences.add(2);
  sequences.add(3, root);
  sequences.add(1, root);
  const std::vector<double> qkv = random_rows(6, 1);
  Tape<B> tape{B{}, {.every_row = true}};
  const auto x = constant(tape, View<const double>{qkv.data(), 6, 18}, Size<dyn>{18});
  const auto y = attention(tape, x, Size<dyn>{6}, sequences, {.heads = 2, .causal = true});
  retain_attention(tape);
  const std::vector<double> slope = random_rows(2, 2);  // (6, 6)
  tape.backward(y, View<const double>{slope.data(), 6, 6});

  const std::vector<std::vector<Index>> rows{{0, 1}, {0, 1, 2, 3, 4}, {0, 1, 5}};
  for (Index s = 0; s < 3; ++s) {
    const auto& own = rows[static_cast<std::size_t>(s)];
    const AttentionLayer layer = attention_layer(tape, 0, s);
    CHECK(layer.heads == 2);
    CHECK(layer.keys == static_cast<Index>(own.size()));
    CHECK_FALSE(layer.pooling);
    CHECK(layer.pooled == -1);
    for (Index i = 0; i < layer.queries; ++i) {
      const Index row = own[static_cast<std::size_t>(i)];
      const std::vector<double> found = mixed(layer, i, qkv, own);
      for (Index c = 0; c < 6; ++c)
        CHECK(found[static_cast<std::size_t>(c)] == doctest::Approx(y.view(row, c)).epsilon(1e-12));
      for (Index j = 0; j < layer.keys; ++j) {
        if (j > i) CHECK(layer.probabilities[layer.at(1, i, j)] == 0);
        double expected = 0;  // d loss / dp = dy · v, of what the query sees
        for (Index c = 0; c < 3 && j <= i; ++c)
          expected += slope[static_cast<std::size_t>(6 * row + 3 + c)] *
                      qkv[static_cast<std::size_t>(18 * own[static_cast<std::size_t>(j)] + 15 + c)];
        CHECK(layer.gradients[layer.at(1, i, j)] == doctest::Approx(expected));
      }
    }
  }
  CHECK(count_attention(tape) == 1);
  CHECK_THROWS_WITH(attention_layer(tape, 0, 3), "attention_layer: segment: expected 0 to 2, found 3");
  CHECK_THROWS_WITH(attention_layer(tape, 1), "attention_layer: layer: expected 0 to 0, found 1");
}

TEST_CASE("attention of pooled queries has a row for each of them") {
  Sequences sequences;
  sequences.assign_uniform(2, 3, 1);
  const std::vector<double> qkv = random_rows(6, 3);
  Tape<B> tape{B{}};
  std::vector<double> q(12), keys(72);
  for (std::size_t i = 0; i < 2; ++i)
    std::copy_n(qkv.begin() + static_cast<std::ptrdiff_t>(18 * (3 * i + 1)), 6,
                q.begin() + static_cast<std::ptrdiff_t>(6 * i));
  for (std::size_t i = 0; i < 6; ++i)
    std::copy_n(qkv.begin() + static_cast<std::ptrdiff_t>(18 * i + 6), 12,
                keys.begin() + static_cast<std::ptrdiff_t>(12 * i));
  const auto y =
      pooled_attention(tape, constant(tape, View<const double>{q.data(), 2, 6}, Size<6>{}),
                       constant(tape, View<const double>{keys.data(), 6, 12}, Size<12>{}), sequences, {.heads = 2});
  const AttentionLayer layer = attention_layer(tape, 0, 1);
  CHECK(layer.pooling);
  CHECK(layer.pooled == 1);
  CHECK(layer.queries == 1);
  CHECK(layer.gradients.empty());
  const std::vector<double> found = mixed(layer, 0, qkv, {3, 4, 5});
  for (Index c = 0; c < 6; ++c) CHECK(found[static_cast<std::size_t>(c)] == doctest::Approx(y.view(1, c)));
  CHECK_THROWS_AS(relevant_mixing(layer), OptionError);
}

TEST_CASE("the mixings of a layer are the mean of its heads, one head, and the positive contributions") {
  const AttentionLayer layer{2, 1, 2, true, 0, {0.25, 0.75, 0.5, 0.5}, {4, -4, 2, 8}};
  CHECK(token_mixing(layer).values == std::vector<double>{0.375, 0.625});
  CHECK(token_mixing(layer, 1).values == std::vector<double>{0.5, 0.5});
  CHECK(relevant_mixing(layer).values == std::vector<double>{(1 + 1) / 2.0, (0 + 4) / 2.0});
  CHECK(token_mixing(layer).pooling);
  CHECK_THROWS_AS(token_mixing(layer, 2), OptionError);
}

TEST_CASE("rollout and relevance multiply the layers, with the residual connection") {
  const std::vector<TokenMixing> layers{mixing(2, 2, {0.5, 0.5, 0, 1}), mixing(2, 2, {0.25, 0.75, 1, 0})};
  // ½ (A2 + I) ½ (A1 + I) = (0.625 0.375; 0.5 0.5) (0.75 0.25; 0 1)
  CHECK(attention_rollout(layers, 0) == std::vector<double>{0.46875, 0.53125});
  CHECK(attention_rollout(layers, 1) == std::vector<double>{0.375, 0.625});
  CHECK(attention_rollout(layers, std::nullopt) == std::vector<double>{0.421875, 0.578125});
  // (A2 + I) (A1 + I)
  CHECK(attention_relevance(layers, 0) == std::vector<double>{4 * 0.46875, 4 * 0.53125});
  CHECK(attention_row(layers[1], 1) == std::vector<double>{1, 0});
  CHECK(attention_row(layers[1], std::nullopt) == std::vector<double>{0.625, 0.375});

  std::vector<TokenMixing> pooled = layers;
  pooled[1] = mixing(1, 2, {0.25, 0.75}, true);  // of token 0, or of a probe: A2 ½ (A1 + I)
  CHECK(attention_rollout(pooled, 0) == std::vector<double>{0.46875, 0.53125});
  CHECK(attention_rollout(pooled, std::nullopt) == std::vector<double>{0.1875, 0.8125});
  CHECK(attention_row(pooled[1], 0) == std::vector<double>{0.25, 0.75});
}

TEST_CASE("layers that do not fit together are errors") {
  const std::vector<TokenMixing> two{mixing(2, 2, {1, 0, 0, 1}), mixing(1, 1, {1})};
  CHECK_THROWS_WITH(attention_rollout(two, std::nullopt), "attention_rollout: layer 1: tokens: expected 2, found 1");
  const std::vector<TokenMixing> early{mixing(1, 2, {1, 0}, true), mixing(2, 2, {1, 0, 0, 1})};
  CHECK_THROWS_AS(attention_rollout(early, 0), OptionError);
  CHECK_THROWS_AS(attention_relevance({}, 0), OptionError);
  CHECK_THROWS_AS(attention_row(two[0], 2), OptionError);
}

// Attention of the CUDA backend, whose kernels run on the host, for lengths and head sizes of published models.
#include <clip/backend/naive.hpp>
#include <clip/core/half.hpp>
#include <clip/core/scalar.hpp>
#include <clip/cuda.hpp>

#include "../support/cuda_controls.hpp"
#include "../support/lab.hpp"
#include "../support/matrix.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

using namespace clip;
using namespace clip::testing;

namespace {

/// y, log Σ exp, dq, dk, dv of seeded numbers that bfloat16 has.
template <class B>
std::vector<Values> run(B b, const Sequences& sequences, AttentionPattern pattern, Index d) {
  using T = typename B::Scalar;
  const Index width = pattern.heads * d, keys = sequences.rows(),
              queries = pattern.pooled ? static_cast<Index>(sequences.pooled().size()) : keys;
  const auto numbers = [&](Index rows, const char* name) {
    Values values = random_values(Rng{5}.fork(name), rows * width);
    for (double& x : values) x = double{bfloat16_to_float(float_to_bfloat16(static_cast<float>(x)))};
    return Matrix<B>{b, rows, width, values};
  };
  const auto q = numbers(queries, "q"), k = numbers(keys, "k"), v = numbers(keys, "v"), dy = numbers(queries, "dy");
  const Matrix<B> y{b, queries, width}, saved{b, queries, pattern.heads}, dq{b, queries, width}, dk{b, keys, width},
      dv{b, keys, width};
  b.attention(q.view(), k.view(), v.view(), sequences, pattern, y.view(), saved.view());
  b.attention_backward(q.view(), k.view(), v.view(), sequences, pattern, y.view(), saved.view(), dy.view(),
                       Acc<T>{dq.view(), true}, Acc<T>{dk.view(), true}, Acc<T>{dv.view(), true});
  return {y.values(), saved.values(), dq.values(), dk.values(), dv.values()};
}

void compare(const Sequences& sequences, AttentionPattern pattern, Index d, const Cuda<float>& cuda = {},
             double tolerance = ScalarTraits<float>::backend_tolerance) {
  const auto expected = run(Naive<float>{}, sequences, pattern, d), found = run(cuda, sequences, pattern, d);
  for (std::size_t i = 0; i < found.size(); ++i) {
    INFO(sequences.rows(), " rows, longest ", sequences.longest(), ", head size ", d, ", matrix ", i);
    CHECK(max_difference(found[i], expected[i]) <= tolerance * std::max(1.0, max_magnitude(expected[i])));
  }
}

}  // namespace

TEST_CASE("attention agrees with Naive for the lengths and head sizes of published models") {
  struct Case {
    Index n, length, heads, d;
  };
  for (const Case& c : {Case{2, 1, 2, 6}, Case{2, 3, 1, 64}, Case{2, 50, 1, 64}, Case{1, 197, 1, 80},
                        Case{1, 257, 1, 88}, Case{1, 20, 1, 300}}) {
    Sequences sequences;
    sequences.assign_uniform(c.n, c.length);
    compare(sequences, {.heads = c.heads}, c.d);
  }
}

TEST_CASE("attention agrees with Naive for trees of texts, causal and pooled, threads in both orders") {
  for (const bool backwards : {false, true})
    for (const bool causal : {false, true})
      for (const bool pooled : {false, true}) {
        const FiberOrder order{backwards};
        compare(random_tree(Rng{6}, 12, 40), {.heads = 2, .causal = causal, .pooled = pooled}, 20);
      }
}

TEST_CASE("attention of equal sequences in bfloat16, on tensor cores, is within its rounding of Naive") {
  struct Case {
    Index n, length, heads, d;
  };
  const auto check = [](const Case& c) {
    Sequences sequences;
    sequences.assign_uniform(c.n, c.length);
    const Cuda<float> reduced{{.arithmetic = Arithmetic::bfloat16}};
    compare(sequences, {.heads = c.heads}, c.d, reduced, 1.0 / 128);
    // Rounded: other bits than in full precision, or tensor cores were not taken.
    const AttentionPattern pattern{.heads = c.heads};
    if (c.length > 1) CHECK(run(reduced, sequences, pattern, c.d) != run(Cuda<float>{}, sequences, pattern, c.d));
  };
  for (const bool backwards : {false, true}) {
    const FiberOrder order{backwards};
    for (const Case& c : {Case{3, 1, 2, 6}, Case{2, 3, 2, 6}, Case{2, 17, 1, 40}, Case{1, 70, 1, 112}}) check(c);
  }
  for (const Case& c : {Case{2, 50, 1, 64}, Case{1, 197, 1, 80}, Case{1, 257, 1, 88}}) check(c);
}

TEST_CASE(
    "trees, causal and pooled attention, and heads beyond 128 columns are in full precision whatever products are") {
  Sequences equal;
  equal.assign_uniform(1, 5);
  const Cuda<float> reduced{{.arithmetic = Arithmetic::bfloat16}};
  compare(random_tree(Rng{6}, 6, 5), {.heads = 2}, 20, reduced);
  compare(equal, {.heads = 2, .causal = true}, 20, reduced);
  compare(equal, {.heads = 1}, 130, reduced);
}

TEST_CASE("gradients of keys that more rows see than a chunk holds, plain, causal and pooled") {
  Sequences shared;  // a prompt that 300 texts share, and another sequence
  shared.add(3);
  for (int text = 0; text < 300; ++text) shared.pool(shared.segment(shared.add(4, 0)).begin + 3);
  shared.add(2);
  Sequences pooled;  // more pooled rows than a chunk
  pooled.add(2);
  pooled.add(1100, 0);
  for (Index row = 2; row < 1102; ++row) pooled.pool(row);
  for (const bool causal : {false, true}) {
    compare(shared, {.heads = 2, .causal = causal}, 3);
    compare(shared, {.heads = 2, .causal = causal, .pooled = true}, 3);
  }
  compare(pooled, {.heads = 1, .causal = true, .pooled = true}, 3);
}

// Attention of the CUDA backend, whose kernels run on the host, for lengths and head sizes of published models.
#include <clip/backend/naive.hpp>
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

/// y, log Σ exp, dq, dk, dv
template <class B>
std::vector<Values> run(const Sequences& sequences, AttentionPattern pattern, Index d) {
  using T = typename B::Scalar;
  B b;
  const Index width = pattern.heads * d, keys = sequences.rows(),
              queries = pattern.pooled ? static_cast<Index>(sequences.pooled().size()) : keys;
  const auto numbers = [&](Index rows, const char* name) {
    return Matrix<B>{b, rows, width, random_values(Rng{5}.fork(name), rows * width)};
  };
  const auto q = numbers(queries, "q"), k = numbers(keys, "k"), v = numbers(keys, "v"), dy = numbers(queries, "dy");
  const Matrix<B> y{b, queries, width}, saved{b, queries, pattern.heads}, dq{b, queries, width}, dk{b, keys, width},
      dv{b, keys, width};
  b.attention(q.view(), k.view(), v.view(), sequences, pattern, y.view(), saved.view());
  b.attention_backward(q.view(), k.view(), v.view(), sequences, pattern, y.view(), saved.view(), dy.view(),
                       Acc<T>{dq.view(), true}, Acc<T>{dk.view(), true}, Acc<T>{dv.view(), true});
  return {y.values(), saved.values(), dq.values(), dk.values(), dv.values()};
}

void compare(const Sequences& sequences, AttentionPattern pattern, Index d) {
  const auto expected = run<Naive<float>>(sequences, pattern, d), found = run<Cuda<float>>(sequences, pattern, d);
  for (std::size_t i = 0; i < found.size(); ++i) {
    INFO(sequences.rows(), " rows, longest ", sequences.longest(), ", head size ", d, ", matrix ", i);
    CHECK(max_difference(found[i], expected[i]) <=
          ScalarTraits<float>::backend_tolerance * std::max(1.0, max_magnitude(expected[i])));
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

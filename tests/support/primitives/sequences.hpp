// tests/support/primitives/sequences.hpp: cases of attention and of losses.
#pragma once

#include "../lab.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace clip::testing {

template <class B>
void add_attention(Cases<B>& list) {
  using T = typename B::Scalar;
  using L = Lab<B>;
  for (const Index heads : {Index{1}, Index{3}, Index{35}})
    list.add("query_attention " + std::to_string(heads), [=](L& l) {
      const Index d = 1 + l.z.k % 40, t = 1 + l.z.m % 20, n = std::min<Index>(l.z.m, 15);
      const auto q = l.in(n, heads * d), x = l.in(n * t, l.z.n), w = l.in(heads * d, l.z.n);
      l.b.query_attention(q, x, Weights<T>{w}, heads, l.out(n, heads * l.z.n));
    });

  for (const bool causal : {false, true})
    for (const bool pooled : {false, true})
      for (const bool shared : {false, true}) {
        const std::string kind =
            std::string(causal ? ", causal" : "") + (pooled ? ", pooled" : "") + (shared ? ", shared" : "");
        const auto shape = [=](L& l, Sequences& sequences, AttentionPattern& pattern) {
          pattern = {1 + l.z.k % 3, causal, pooled};
          sequences =
              random_tree(l.rng().fork("tree"), std::min<Index>(l.z.m, 40), std::min<Index>(l.z.k, 24), !shared);
          return std::pair{pooled ? static_cast<Index>(sequences.pooled().size()) : sequences.rows(),
                           pattern.heads * (1 + l.z.n % 70)};
        };
        list.add("attention" + kind, [shape](L& l) {
          Sequences sequences;
          AttentionPattern pattern;
          const auto [queries, width] = shape(l, sequences, pattern);
          const auto q = l.in(queries, width), k = l.in(sequences.rows(), width), v = l.in(sequences.rows(), width);
          l.b.attention(q, k, v, sequences, pattern, l.out(queries, width),
                        l.z.optional ? l.out(queries, pattern.heads) : Saved<T>{});
        });
        list.add("attention_backward" + kind, [shape](L& l) {
          Sequences sequences;
          AttentionPattern pattern;
          const auto [queries, width] = shape(l, sequences, pattern);
          const auto q = l.in(queries, width), k = l.in(sequences.rows(), width), v = l.in(sequences.rows(), width),
                     dy = l.in(queries, width);
          const auto y = l.out(queries, width), saved = l.out(queries, pattern.heads);
          l.b.attention(q, k, v, sequences, pattern, y, saved);
          const auto dq = l.target(queries, width), dk = l.z.optional ? l.target(sequences.rows(), width) : Acc<T>{};
          l.b.attention_backward(q, k, v, sequences, pattern, y, saved, dy, dq, dk, l.target(sequences.rows(), width));
        });
      }
}

template <class B>
void add_losses(Cases<B>& list) {
  using T = typename B::Scalar;
  using L = Lab<B>;
  for (const Axis axis : {Axis::rows, Axis::columns})
    for (const bool unique : {true, false}) {
      const std::string kind = std::string(axis == Axis::rows ? ", rows" : ", columns") + (unique ? "" : ", groups");
      const auto groups = [unique](L& l, Index count) -> const std::vector<std::int32_t>& {
        return l.ids(count, unique ? 1000000 : std::max<Index>(1, l.z.k));
      };
      list.add("cross_entropy" + kind, [=](L& l) {
        const auto logits = l.in(l.z.m, l.z.n, 3);
        const auto &rows = groups(l, l.z.m), &cols = groups(l, l.z.n);
        l.b.cross_entropy(logits, rows, cols, axis, 0.5, l.target(1, 1),
                          l.z.optional ? l.out(1, axis == Axis::rows ? l.z.m : l.z.n) : Saved<T>{});
      });
      list.add("cross_entropy_backward" + kind, [=](L& l) {
        const auto logits = l.in(l.z.m, l.z.n, 3), dloss = l.in(1, 1);
        const auto &rows = groups(l, l.z.m), &cols = groups(l, l.z.n);
        const auto loss = l.target(1, 1), saved = Acc<T>{l.out(1, axis == Axis::rows ? l.z.m : l.z.n), false};
        l.b.cross_entropy(logits, rows, cols, axis, 0.5, loss, saved);
        l.b.cross_entropy_backward(logits, rows, cols, axis, 0.5, saved, dloss, l.target(l.z.m, l.z.n));
      });
    }
}

}  // namespace clip::testing

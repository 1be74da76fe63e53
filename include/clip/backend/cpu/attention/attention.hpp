// clip/backend/cpu/attention/attention.hpp: multi-head attention over sequences that may share ancestors.
//
// A task is one head of one group of segments; it takes a panel of queries at a time. Queries are lanes: their panel is
// transposed, the keys are read in place, and softmax runs down the lanes, so that nothing is summed across a packet.
// Every sum of a query runs over positions 0, 1, … in order, whichever rows are shared. Keys that a query does not see
// are left out of its sums.
#pragma once

#include <clip/backend/cpu/attention/head.hpp>
#include <clip/backend/cpu/threads/workers.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace clip::inline CLIP_ABI::cpu {

template <class T, class Self>
struct AttentionPrimitives {
  /// y = softmax(q kᵀ / √d) v per head.          saved(i, h) = log Σ exp of query i
  void attention(In<T> q, In<T> k, In<T> v, const Sequences& sequences, AttentionPattern pattern, Out<T> y,
                 Saved<T> saved) {
    const Index d = y.cols / pattern.heads, keys = sequences.longest() + width;
    if (y.count() == 0) return;
    const Queries queries{sequences, pattern};
    const Index scratch_size = 2 * Arrays::size(keys * round_up(d, width)) + 2 * Arrays::size(keys) +
                               Arrays::size(d * width) + Arrays::size(keys * width);
    ParallelRegion region{static_cast<Self&>(*this).workers()};
    auto* const groups = region.template shared<Group>(sequences.count());
    region.template parallel<T>(
        make_groups(sequences, width, groups) * pattern.heads, scratch_size, [&](Index task, T* scratch) {
          forward({queries, groups[task / pattern.heads], task % pattern.heads, d}, q, k, v, y, saved, scratch);
        });
  }

 private:
  using P = Simd<T>;
  using Arrays = ScratchArrays<T>;
  static constexpr Index width = panel_width<T>;

  static void forward(const Head<T>& head, const In<T>& q, const In<T>& k, const In<T>& v, const Out<T>& y,
                      const Saved<T>& saved, T* scratch) {
    if (head.first == head.end) return;
    Arrays arrays{scratch};
    T *const k_copy = arrays.take(head.keys * head.padded_d), *const v_copy = arrays.take(head.keys * head.padded_d);
    T *const first_query = arrays.take(head.keys), *const end_query = arrays.take(head.keys);
    T *const qt = arrays.take(head.d * width), *const scores = arrays.take(head.keys * width);
    const auto k_rows = head_keys(head.sequences, head.group, k, head.column, head.d, k_copy);
    const auto v_rows = head_keys(head.sequences, head.group, v, head.column, head.d, v_copy);
    if (head.masked) visible_to_group(head.queries, head.group, first_query, end_query);

    alignas(64) T maximum[width], total[width];
    for (Index i = head.first; i < head.end; i += width) {
      const Index n = std::min(width, head.end - i), keys = head.visible_keys(i + n);
      for (Index r = 0; r < n; ++r) prefetch(y.row(i + r) + head.column, head.d, true);
      head.transpose_scaled_queries(q, i, n, qt);
      head.multiply_keys(k_rows, keys, qt, scores);
      for (Index c = 0; c < n; c += P::size) {
        const P query = iota_packet<T>(i - head.first + c);
        const auto visible = [&](Index j, P x, P otherwise) {
          return choose_between(query, P(first_query[j]), P(end_query[j]), x, otherwise);
        };
        const auto all_visible = [](Index, P x, P) { return x; };
        if (head.masked) softmax(scores + c, keys, visible, maximum + c, total + c);
        else softmax(scores + c, keys, all_visible, maximum + c, total + c);
      }
      if (saved)
        for (Index r = 0; r < n; ++r) saved(i + r, head.h) = maximum[r] + std::log(total[r]);
      for (Index r = 0; r < n; ++r) total[r] = 1 / total[r];
      for (Index s = head.group.first; s < head.group.end; ++s)
        head.weighted_sums(s, i, n, scores, v_rows, [&](Index row, Index c, Index columns, const T* sums) {
          const P inverse_total{total[row - i]};
          T* to = y.row(row) + head.column + c;
          each_packet<T>(columns, [&](Index e, auto mask) { (P::load(sums + e) * inverse_total).store(to + e, mask); });
        });
    }
  }

  /// Softmax without its division, for a packet of queries: s(j, lane) becomes exp(s - maximum), or 0 if the lane does
  /// not see key j; `total` is the sum of these.
  template <class Visible>
  static void softmax(T* s, Index keys, Visible&& visible, T* maximum, T* total) {
    const P lowest{-std::numeric_limits<T>::infinity()}, zero{0};
    P top = lowest, sum = zero;
    for (Index j = 0; j < keys; ++j) top = max(top, visible(j, P::load(s + j * width), lowest));
    for (Index j = 0; j < keys; ++j) {
      const P e = visible(j, exp(P::load(s + j * width) - top), zero);
      e.store(s + j * width);
      sum = sum + e;
    }
    top.store(maximum);
    sum.store(total);
  }
};

}  // namespace clip::inline CLIP_ABI::cpu

// clip/backend/cpu/attention/attention.hpp: attention of one head over one group of segments at a time, a panel of queries together.
//
// Queries are lanes: a panel of them is transposed, the keys' rows are met as they lie, and softmax runs down the lanes, so that
// nothing is summed across a packet. Every chain and every sum of a query runs over positions 0, 1, … in order, whoever shares
// which rows; keys a query does not see are left out of its sums.
#pragma once

#include <clip/backend/cpu/attention/head.hpp>
#include <clip/backend/cpu/simd/loops.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace clip::inline CLIP_ABI {

template <class T, class Self>
struct CpuAttention {
  /// y = softmax(q kᵀ / √d) v per head.          saved(i, h) = log Σ exp of query i
  void attention(In<T> q, In<T> k, In<T> v, const Sequences& sequences, AttentionPattern pattern, Out<T> y,
                 Saved<T> saved) {
    const Index d = y.cols / pattern.heads, keys = sequences.longest() + width;
    if (y.count() == 0) return;
    const detail::Queries queries{sequences, pattern};
    const Index room = 2 * Parts::room(keys * round_up(d, width)) + 2 * Parts::room(keys) + Parts::room(d * width) +
                       Parts::room(keys * width);
    Crew::Shift shift{static_cast<Self&>(*this).crew()};
    auto* const groups = shift.template shared<detail::Group>(sequences.count());
    shift.template parallel<T>(
        detail::cut_into_groups(sequences, width, groups) * pattern.heads, room, [&](Index task, T* own) {
          forward({queries, groups[task / pattern.heads], task % pattern.heads, d}, q, k, v, y, saved, own);
        });
  }

 private:
  using P = Pack<T>;
  using Parts = detail::Parts<T>;
  static constexpr Index width = panel_width<T>;

  static void forward(const detail::Head<T>& head, const In<T>& q, const In<T>& k, const In<T>& v, const Out<T>& y,
                      const Saved<T>& saved, T* own) {
    if (head.first == head.end) return;
    Parts parts{own};
    T *const k_copy = parts.take(head.keys * head.wide), *const v_copy = parts.take(head.keys * head.wide);
    T *const from = parts.take(head.keys), *const until = parts.take(head.keys);
    T *const qt = parts.take(head.d * width), *const scores = parts.take(head.keys * width);
    const auto k_rows = detail::head_keys(head.sequences, head.group, k, head.at, head.d, k_copy),
               v_rows = detail::head_keys(head.sequences, head.group, v, head.at, head.d, v_copy);
    if (head.masked) who_sees(head.queries, head.group, from, until);

    alignas(64) T most[width], total[width];
    for (Index i = head.first; i < head.end; i += width) {
      const Index n = std::min(width, head.end - i), seen = head.seen(i + n);
      for (Index r = 0; r < n; ++r) detail::fetch(y.row(i + r) + head.at, head.d, true);
      head.across_scaled(q, i, n, qt);
      head.products(k_rows, seen, qt, scores);
      for (Index c = 0; c < n; c += P::size) {
        const P lane = detail::lanes_from<T>(i - head.first + c);
        const auto visible = [&](Index j, P x, P otherwise) {
          return detail::between(lane, P(from[j]), P(until[j]), x, otherwise);
        };
        if (head.masked) softmax(scores + c, seen, visible, most + c, total + c);
        else
          softmax(
              scores + c, seen, [](Index, P x, P) { return x; }, most + c, total + c);
      }
      if (saved)
        for (Index r = 0; r < n; ++r) saved(i + r, head.h) = most[r] + std::log(total[r]);
      for (Index r = 0; r < n; ++r) total[r] = 1 / total[r];
      for (Index s = head.group.first; s < head.group.end; ++s)
        head.each_tile_of(s, i, n, scores, v_rows, [&](Index row, Index c, Index columns, const T* sums) {
          const P share{total[row - i]};
          T* to = y.row(row) + head.at + c;
          along<T>(columns, [&](Index e, auto part) { (P::load(sums + e) * share).store(to + e, part); });
        });
    }
  }

  /// A packet of queries: s(j, lane) becomes exp(s - largest), 0 where the lane does not see key j.
  template <class Sees>
  static void softmax(T* s, Index keys, Sees&& sees, T* most, T* total) {
    const P lowest{-std::numeric_limits<T>::infinity()}, zero{0};
    P top = lowest, sum = zero;
    for (Index j = 0; j < keys; ++j) top = max(top, sees(j, P::load(s + j * width), lowest));
    for (Index j = 0; j < keys; ++j) {
      const P e = sees(j, exp(P::load(s + j * width) - top), zero);
      e.store(s + j * width);
      sum = sum + e;
    }
    top.store(most), sum.store(total);
  }
};

}  // namespace clip::inline CLIP_ABI

// clip/backend/cpu/attention/head.hpp: products of one attention head, forward and backward.
#pragma once

#include <clip/backend/cpu/attention/head_rows.hpp>
#include <clip/backend/cpu/attention/segments.hpp>
#include <clip/backend/cpu/weights/panels.hpp>

#include <algorithm>
#include <cmath>
#include <utility>

namespace clip::inline CLIP_ABI::cpu {

/// The packet first, first + 1, …
template <class T>
Simd<T> iota_packet(Index first) {
  alignas(64) T lane[Simd<T>::size];
  for (Index r = 0; r < Simd<T>::size; ++r) lane[r] = static_cast<T>(first + r);
  return Simd<T>::load(lane);
}

/// low ≤ lane < high ? x : otherwise
template <class T>
Simd<T> choose_between(Simd<T> lane, Simd<T> low, Simd<T> high, Simd<T> x, Simd<T> otherwise) {
  return choose_less(lane, low, otherwise, choose_less(lane, high, x, otherwise));
}

/// Head h occupies columns [column, column + d) of the batch; the group's queries are rows [first, end) of q.
template <class T>
struct Head {
  static constexpr Index width = panel_width<T>;

  const Queries& queries;
  Group group;
  Index h, d;

  const Sequences& sequences = queries.sequences;
  Index column = h * d, padded_d = round_up(d, width), keys = group.keys(sequences);
  Index first = queries.begin(group.first), end = queries.end(group.end - 1);
  /// Whether some query does not see some key.
  bool masked = queries.pattern.causal || group.end - group.first > 1;

  /// Number of keys that any query before query i sees.
  Index visible_keys(Index i) const {
    return queries.pattern.causal ? group.ancestor_keys(sequences) + queries.row(i - 1) + 1 - group.begin_row(sequences)
                                  : keys;
  }

  /// Rows [i, i + n) of x, one per query, transposed: (d, width). Prefetches the columns of the next head.
  void transpose_queries(const In<T>& x, Index i, Index n, T* to) const {
    for (Index r = 0; r < n; ++r) prefetch(x.row(i + r) + column + d, d);
    const auto row = [&](Index r) { return x.row(i + r) + column; };
    pack_rows<T>(n, d, row, to);
  }
  /// The same, times 1/√d.
  void transpose_scaled_queries(const In<T>& x, Index i, Index n, T* to) const {
    transpose_queries(x, i, n, to);
    const Simd<T> scale{1 / std::sqrt(static_cast<T>(d))};
    each_packet<T>(d * width, [&](Index c, auto) { (Simd<T>::load(to + c) * scale).store(to + c); });
  }

  /// Products of `count` keys with the columns of qt : (d, width): (count, width)
  void multiply_keys(const HeadRows<T>& rows, Index count, const T* qt, T* to) const {
    each_tile(0, count, [&](Index j, Index tile_height) {
      multiply_tile<T>(tile_height, d, rows.data + j * rows.stride, rows.stride, qt, width, to + j * width, width);
    });
  }

  /// For the queries of segment s among the n of a panel: sums = Σ_j p(j, query) rows(j) over the ancestors of s and
  /// s itself; calls store(query, column, columns, sums).          p : (keys, width)
  template <class F>
  void weighted_sums(Index s, Index panel, Index n, const T* p, const HeadRows<T>& rows, F&& store) const {
    alignas(64) T sums[tile_rows * width];
    each_tile(std::max(panel, queries.begin(s)), std::min(panel + n, queries.end(s)), [&](Index i, Index tile_height) {
      const Index visible = visible_keys(i + tile_height);
      for (Index c = 0; c < d; c += width) {
        bool add = false;
        sequences.path(s, [&](const Segment& a) {
          const Index key = group.key_index(sequences, a);
          multiply_tile<T, Order::column_major>(tile_height, std::min(a.length(), visible - key),
                                                p + key * width + i - panel, width, rows.data + key * rows.stride + c,
                                                rows.stride, sums, width, std::exchange(add, true));
        });
        for (Index r = 0; r < tile_height; ++r) store(i + r, c, std::min(width, d - c), sums + r * width);
      }
    });
  }
};

}  // namespace clip::inline CLIP_ABI::cpu

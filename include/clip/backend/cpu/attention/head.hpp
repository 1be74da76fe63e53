// clip/backend/cpu/attention/head.hpp: one head of one group of segments: what attention and its derivative do with it alike.
#pragma once

#include <clip/backend/cpu/attention/segments.hpp>
#include <clip/backend/cpu/weights/panels.hpp>

#include <algorithm>
#include <cmath>
#include <utility>

namespace clip::inline CLIP_ABI {
namespace detail {

/// first, first + 1, …
template <class T>
Pack<T> lanes_from(Index first) {
  alignas(64) T lane[Pack<T>::size];
  for (Index r = 0; r < Pack<T>::size; ++r) lane[r] = static_cast<T>(first + r);
  return Pack<T>::load(lane);
}

/// low ≤ lane < high ? x : otherwise
template <class T>
Pack<T> between(Pack<T> lane, Pack<T> low, Pack<T> high, Pack<T> x, Pack<T> otherwise) {
  return choose_less(lane, low, otherwise, choose_less(lane, high, x, otherwise));
}

/// Rows of one head, which panels can be read from.
template <class T>
struct HeadRows {
  const T* data;
  Index stride;
};

/// Rows [i, i + n) of x, columns [at, at + d): where they lie if those are whole panels, otherwise copied and padded.
template <class T>
HeadRows<T> head_rows(const In<T>& x, Index i, Index n, Index at, Index d, T* copy) {
  const Index wide = round_up(d, panel_width<T>);
  if (wide == d) return {x.row(i) + at, x.stride};
  copy_rows(x, i, i + n, at, d, copy, wide);
  return {copy, wide};
}

/// The keys of a group: rows that follow each other, unless there are some above it.
template <class T>
HeadRows<T> head_keys(const Sequences& sequences, Group group, const In<T>& x, Index at, Index d, T* copy) {
  if (group.above(sequences) == 0) return head_rows(x, group.begin_row(sequences), group.rows(sequences), at, d, copy);
  const Index wide = round_up(d, panel_width<T>);
  copy_keys(sequences, group, x, at, d, copy, wide);
  return {copy, wide};
}

/// Columns [at, at + d) are the head's; its queries are rows [first, end) of q.
template <class T>
struct Head {
  static constexpr Index width = panel_width<T>;

  const Queries& queries;
  Group group;
  Index h, d;

  const Sequences& sequences = queries.sequences;
  Index at = h * d, wide = round_up(d, width), keys = group.keys(sequences);
  Index first = queries.begin(group.first), end = queries.end(group.end - 1);
  /// Not every query sees every key.
  bool masked = queries.pattern.causal || group.end - group.first > 1;

  /// Keys the queries before query i see between them.
  Index seen(Index i) const {
    return queries.pattern.causal ? group.above(sequences) + queries.row(i - 1) + 1 - group.begin_row(sequences) : keys;
  }

  /// Queries [i, i + n) of x as columns: (d, width). Those of the next head are asked for.
  void across(const In<T>& x, Index i, Index n, T* to) const {
    for (Index r = 0; r < n; ++r) fetch(x.row(i + r) + at + d, d);
    pack_across<T>(
        n, d, [&](Index r) { return x.row(i + r) + at; }, to);
  }
  /// The same, times 1/√d.
  void across_scaled(const In<T>& x, Index i, Index n, T* to) const {
    across(x, i, n, to);
    const Pack<T> scale{1 / std::sqrt(static_cast<T>(d))};
    along<T>(d * width, [&](Index c, auto) { (Pack<T>::load(to + c) * scale).store(to + c); });
  }

  /// For every key its products with the columns of qt: (count, width)
  void products(const HeadRows<T>& rows, Index count, const T* qt, T* to) const {
    each_tile(0, count, [&](Index j, Index some) {
      tile<T>(some, d, rows.data + j * rows.stride, rows.stride, qt, width, to + j * width, width);
    });
  }

  /// store(query, column, columns, sums) for the queries of segment s among those of a panel: sums = Σ_j p(j, query) rows(j),
  /// along the way to s.          p : (keys, width)
  template <class F>
  void each_tile_of(Index s, Index panel, Index n, const T* p, const HeadRows<T>& rows, F&& store) const {
    alignas(64) T sums[tile_rows * width];
    each_tile(std::max(panel, queries.begin(s)), std::min(panel + n, queries.end(s)), [&](Index i, Index some) {
      const Index seen = this->seen(i + some);
      for (Index c = 0; c < d; c += width) {
        bool more = false;
        sequences.path(s, [&](const Segment& a) {
          const Index place = group.place(sequences, a);
          tile<T, Reading::across>(some, std::min(a.length(), seen - place), p + place * width + i - panel, width,
                                   rows.data + place * rows.stride + c, rows.stride, sums, width,
                                   std::exchange(more, true));
        });
        for (Index r = 0; r < some; ++r) store(i + r, c, std::min(width, d - c), sums + r * width);
      }
    });
  }
};

}  // namespace detail
}  // namespace clip::inline CLIP_ABI

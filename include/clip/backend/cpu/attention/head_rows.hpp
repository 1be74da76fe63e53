// clip/backend/cpu/attention/head_rows.hpp: rows of one attention head, in place or copied to padded scratch.
#pragma once

#include <clip/backend/cpu/attention/segments.hpp>
#include <clip/backend/cpu/gemm/tile.hpp>
#include <clip/backend/cpu/threads/partition.hpp>
#include <clip/core/view.hpp>

namespace clip::inline CLIP_ABI::cpu {

/// Prefetches n values, to be read (into the second-level cache) or written.
template <class T>
void prefetch(const T* values, Index n, bool write = false) {
  for (Index c = 0; c < n; c += 64 / static_cast<Index>(sizeof(T))) {
    if (write) __builtin_prefetch(values + c, 1);
    else __builtin_prefetch(values + c, 0, 2);
  }
}

/// Copies rows [begin, end) of x, columns [column, column + d), to rows `stride` apart, zeros past d. Prefetches the
/// columns of the next head.
template <class T>
void copy_rows(const In<T>& x, Index begin, Index end, Index column, Index d, T* to, Index stride) {
  for (Index i = begin; i < end; ++i, to += stride) {
    const T* from = x.row(i) + column;
    prefetch(from + d, d);
    each_packet<T>(d, [&](Index c, auto mask) { Simd<T>::load(from + c, mask).store(to + c); });
    for (Index c = round_up(d, Simd<T>::size); c < stride; c += Simd<T>::size) Simd<T>(0).store(to + c);
  }
}

/// Copies the keys of a group: those of its ancestors by position, then its own.
template <class T>
void copy_keys(const Sequences& sequences, Group group, const In<T>& x, Index column, Index d, T* to, Index stride) {
  const Index begin = group.begin_row(sequences);
  sequences.path(group.first, [&](const Segment& a) {
    if (a.begin < begin) copy_rows(x, a.begin, a.end, column, d, to + a.position * stride, stride);
  });
  copy_rows(x, begin, begin + group.rows(sequences), column, d, to + group.ancestor_keys(sequences) * stride, stride);
}

/// Rows of one head, readable in whole panels.
template <class T>
struct HeadRows {
  const T* data;
  Index stride;
};

/// Rows [i, i + n) of x, columns [column, column + d): in place if those are whole panels, otherwise padded in `copy`.
template <class T>
HeadRows<T> head_rows(const In<T>& x, Index i, Index n, Index column, Index d, T* copy) {
  const Index padded_d = round_up(d, panel_width<T>);
  if (padded_d == d) return {x.row(i) + column, x.stride};
  copy_rows(x, i, i + n, column, d, copy, padded_d);
  return {copy, padded_d};
}

/// The keys of a group: consecutive rows if it has no ancestors, otherwise gathered in `copy`.
template <class T>
HeadRows<T> head_keys(const Sequences& sequences, Group group, const In<T>& x, Index column, Index d, T* copy) {
  if (group.ancestor_keys(sequences) == 0)
    return head_rows(x, group.begin_row(sequences), group.rows(sequences), column, d, copy);
  const Index padded_d = round_up(d, panel_width<T>);
  copy_keys(sequences, group, x, column, d, copy, padded_d);
  return {copy, padded_d};
}

}  // namespace clip::inline CLIP_ABI::cpu

// clip/backend/cpu/attention/segments.hpp: which queries see which keys, and the neighbouring segments whose attention is computed together.
#pragma once

#include <clip/backend/concept.hpp>
#include <clip/backend/cpu/simd/simd.hpp>
#include <clip/backend/cpu/threads/workers.hpp>
#include <clip/core/view.hpp>

#include <algorithm>
#include <utility>

namespace clip::inline CLIP_ABI {
namespace detail {

/// Cuts one block of scratch into aligned parts.
template <class T>
class Parts {
 public:
  explicit Parts(T* at) : at_{at} {}
  T* take(Index count) { return std::exchange(at_, at_ + room(count)); }
  static constexpr Index room(Index count) {
    return round_up(count, 64 / static_cast<Index>(sizeof(T))) + 64 / static_cast<Index>(sizeof(T));
  }

 private:
  T* at_;
};

/// The queries of a segment (or of everything below it): rows of q, and their rows in the batch.
struct Queries {
  const Sequences& sequences;
  AttentionPattern pattern;

  Index begin(Index s) const { return pattern.pooled ? sequences.pooled_begin(s) : sequences.segment(s).begin; }
  Index end(Index s) const { return pattern.pooled ? sequences.pooled_begin(s + 1) : sequences.segment(s).end; }
  Index end_below(Index s) const { return end(sequences.below_end(s) - 1); }
  Index row(Index i) const { return pattern.pooled ? sequences.pooled()[static_cast<std::size_t>(i)] : i; }
};

/// Segments [first, end): one of any length, or neighbours of one tree with few rows. What they see are the keys above the first,
/// by position, then their own, row by row: for every query that is the order of positions.
struct Group {
  Index first = 0, end = 0;

  static bool join(const Sequences& sequences, Index first, Index next, Index most) {
    return sequences.segment(next).parent >= 0 && sequences.segment(next).end - sequences.segment(first).begin <= most;
  }
  Index begin_row(const Sequences& sequences) const { return sequences.segment(first).begin; }
  Index rows(const Sequences& sequences) const { return sequences.segment(end - 1).end - begin_row(sequences); }
  /// Keys above the group.
  Index above(const Sequences& sequences) const { return sequences.segment(first).position; }
  Index keys(const Sequences& sequences) const { return above(sequences) + rows(sequences); }
  /// Where the keys of a segment in the group, or above one that is, stand among the group's.
  Index place(const Sequences& sequences, const Segment& a) const {
    const Index begin = begin_row(sequences);
    return a.begin < begin ? a.position : above(sequences) + a.begin - begin;
  }
};

/// Cuts a batch into groups of at most `most` rows (or one segment); `to` has room for one a segment. Returns their number.
inline Index cut_into_groups(const Sequences& sequences, Index most, Group* to) {
  Index n = 0;
  for (Index s = 0; s < sequences.count(); ++s)
    if (n > 0 && Group::join(sequences, to[n - 1].first, s, most)) to[n - 1].end = s + 1;
    else to[n++] = {s, s + 1};
  return n;
}

/// Segments whose keys are seen by queries of other groups than their own; `to` has room for one a segment. Returns their number.
inline Index seen_from_elsewhere(const Sequences& sequences, const Group* groups, Index count, Group* to) {
  Index n = 0;
  for (Index g = 0; g < count; ++g)
    for (Index s = groups[g].first; s < groups[g].end; ++s)
      if (sequences.below_end(s) > groups[g].end) to[n++] = {s, s + 1};
  return n;
}

/// Asks for n values that will be read (or written) soon.
template <class T>
void fetch(const T* values, Index n, bool write = false) {
  for (Index c = 0; c < n; c += 64 / static_cast<Index>(sizeof(T))) {
    if (write) __builtin_prefetch(values + c, 1);
    else __builtin_prefetch(values + c, 0, 2);
  }
}

/// Rows [begin, end) of x, columns [at, at + d): `wide` apart, zeros past d. The columns behind them, the next head's, are asked for.
template <class T>
void copy_rows(const In<T>& x, Index begin, Index end, Index at, Index d, T* to, Index wide) {
  for (Index i = begin; i < end; ++i, to += wide) {
    const T* from = x.row(i) + at;
    fetch(from + d, d);
    along<T>(d, [&](Index c, auto part) { Pack<T>::load(from + c, part).store(to + c); });
    for (Index c = round_up(d, Pack<T>::size); c < wide; c += Pack<T>::size) Pack<T>(0).store(to + c);
  }
}

/// The keys of a group.
template <class T>
void copy_keys(const Sequences& sequences, Group group, const In<T>& x, Index at, Index d, T* to, Index wide) {
  const Index begin = group.begin_row(sequences);
  sequences.path(group.first, [&](const Segment& a) {
    if (a.begin < begin) copy_rows(x, a.begin, a.end, at, d, to + a.position * wide, wide);
  });
  copy_rows(x, begin, begin + group.rows(sequences), at, d, to + group.above(sequences) * wide, wide);
}

/// For the keys of a segment the queries [from, until) that see them, counted from query `first`: `count` queries from there on
/// are of interest.
template <class T>
void who_sees_own(const Queries& queries, Index s, Index first, Index count, T* from, T* until) {
  const Segment& a = queries.sequences.segment(s);
  std::fill_n(until, a.length(), static_cast<T>(std::min(count, queries.end_below(s) - first)));
  for (Index r = 0, i = queries.begin(s); r < a.length(); ++r) {
    if (queries.pattern.causal)
      while (i < queries.end(s) && queries.row(i) < a.begin + r) ++i;
    from[r] = static_cast<T>(i - first);
  }
}

/// The same for every key of a group and its own queries.
template <class T>
void who_sees(const Queries& queries, Group group, T* from, T* until) {
  const Sequences& sequences = queries.sequences;
  const Index first = queries.begin(group.first), count = queries.end(group.end - 1) - first;
  for (Index s = sequences.segment(group.first).parent; s >= 0; s = sequences.segment(s).parent) {
    const Segment& a = sequences.segment(s);
    std::fill_n(from + a.position, a.length(), T(0));
    std::fill_n(until + a.position, a.length(), static_cast<T>(std::min(count, queries.end_below(s) - first)));
  }
  for (Index s = group.first; s < group.end; ++s) {
    const Index place = group.place(sequences, sequences.segment(s));
    who_sees_own(queries, s, first, count, from + place, until + place);
  }
}

}  // namespace detail
}  // namespace clip::inline CLIP_ABI

// clip/backend/cpu/attention/segments.hpp: attention mask of sequences: which queries see which keys.
#pragma once

#include <clip/backend/concept.hpp>
#include <clip/core/sequences.hpp>

#include <algorithm>

namespace clip::inline CLIP_ABI::cpu {

/// Query rows of a segment and of its descendants. Queries are all rows of the batch, or only the pooled ones.
struct Queries {
  const Sequences& sequences;
  AttentionPattern pattern;

  Index begin(Index s) const { return pattern.pooled ? sequences.pooled_begin(s) : sequences.segment(s).begin; }
  Index end(Index s) const { return pattern.pooled ? sequences.pooled_begin(s + 1) : sequences.segment(s).end; }
  Index descendants_end(Index s) const { return end(sequences.below_end(s) - 1); }
  /// Row of the batch that query i belongs to.
  Index row(Index i) const { return pattern.pooled ? sequences.pooled()[static_cast<std::size_t>(i)] : i; }
};

/// Segments [first, end) whose attention is computed together: one segment of any length, or neighbours of one tree
/// with few rows. Their keys are those of the ancestors of the first, by position, then their own, row by row: the
/// order of positions for every query.
struct Group {
  Index first = 0, end = 0;

  /// Whether segment `next` may join the group that begins with `first`, of at most `limit` rows.
  static bool fits(const Sequences& sequences, Index first, Index next, Index limit) {
    return sequences.segment(next).parent >= 0 && sequences.segment(next).end - sequences.segment(first).begin <= limit;
  }
  Index begin_row(const Sequences& sequences) const { return sequences.segment(first).begin; }
  Index rows(const Sequences& sequences) const { return sequences.segment(end - 1).end - begin_row(sequences); }
  /// Keys of the ancestors.
  Index ancestor_keys(const Sequences& sequences) const { return sequences.segment(first).position; }
  Index keys(const Sequences& sequences) const { return ancestor_keys(sequences) + rows(sequences); }
  /// Index among the group's keys of the first key of a segment, which is in the group or an ancestor of one that is.
  Index key_index(const Sequences& sequences, const Segment& a) const {
    const Index begin = begin_row(sequences);
    return a.begin < begin ? a.position : ancestor_keys(sequences) + a.begin - begin;
  }
};

/// Divides a batch into groups of at most `limit` rows (or one segment) and returns their number. `groups` has one
/// element per segment.
inline Index make_groups(const Sequences& sequences, Index limit, Group* groups) {
  Index n = 0;
  for (Index s = 0; s < sequences.count(); ++s) {
    if (n > 0 && Group::fits(sequences, groups[n - 1].first, s, limit)) groups[n - 1].end = s + 1;
    else groups[n++] = {s, s + 1};
  }
  return n;
}

/// Finds the segments whose keys are seen by queries of other groups too, each as a group, and returns their number.
/// `shared` has one element per segment.
inline Index segments_shared_by_groups(const Sequences& sequences, const Group* groups, Index count, Group* shared) {
  Index n = 0;
  for (Index g = 0; g < count; ++g)
    for (Index s = groups[g].first; s < groups[g].end; ++s)
      if (sequences.below_end(s) > groups[g].end) shared[n++] = {s, s + 1};
  return n;
}

/// For every key of a segment the queries [first_query, end_query) that see it, counted from query `first` and limited
/// to the `count` queries from there on.
template <class T>
void visible_to_descendants(const Queries& queries, Index s, Index first, Index count, T* first_query, T* end_query) {
  const Segment& a = queries.sequences.segment(s);
  std::fill_n(end_query, a.length(), static_cast<T>(std::min(count, queries.descendants_end(s) - first)));
  Index i = queries.begin(s);
  for (Index r = 0; r < a.length(); ++r) {
    if (queries.pattern.causal)
      while (i < queries.end(s) && queries.row(i) < a.begin + r) ++i;
    first_query[r] = static_cast<T>(i - first);
  }
}

/// The same for every key of a group and the group's own queries.
template <class T>
void visible_to_group(const Queries& queries, Group group, T* first_query, T* end_query) {
  const Sequences& sequences = queries.sequences;
  const Index first = queries.begin(group.first), count = queries.end(group.end - 1) - first;
  for (Index s = sequences.segment(group.first).parent; s >= 0; s = sequences.segment(s).parent) {
    const Segment& a = sequences.segment(s);
    const Index end = std::min(count, queries.descendants_end(s) - first);
    std::fill_n(first_query + a.position, a.length(), T(0));
    std::fill_n(end_query + a.position, a.length(), static_cast<T>(end));
  }
  for (Index s = group.first; s < group.end; ++s) {
    const Index key = group.key_index(sequences, sequences.segment(s));
    visible_to_descendants(queries, s, first, count, first_query + key, end_query + key);
  }
}

}  // namespace clip::inline CLIP_ABI::cpu

// clip/backend/cpu/attention.hpp: attention of one head over one segment at a time, a few queries together.
//
// The keys on the way to a segment are laid out by position, so that every chain and every sum runs over positions 0, 1, …
// in the same lanes, whoever shares which rows.
#pragma once

#include <clip/backend/concept.hpp>
#include <clip/backend/cpu/loops.hpp>
#include <clip/backend/cpu/panels.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace clip::inline CLIP_ABI {

namespace detail {

/// Cuts one block of scratch into aligned parts.
template <class T>
class Parts {
 public:
  explicit Parts(T* at) : at_{at} {}
  T* take(Index count) { return std::exchange(at_, at_ + room(count)); }
  static constexpr Index room(Index count) { return round_up(count, 64 / static_cast<Index>(sizeof(T))) + 64 / static_cast<Index>(sizeof(T)); }

 private:
  T* at_;
};

/// The queries of a segment (or of everything below it): rows of q, their rows in the batch, and what they see.
struct Queries {
  const Sequences& sequences;
  AttentionPattern pattern;

  Index begin(Index s) const { return pattern.pooled ? sequences.pooled_begin(s) : sequences.segment(s).begin; }
  Index end(Index s) const { return pattern.pooled ? sequences.pooled_begin(s + 1) : sequences.segment(s).end; }
  Index end_below(Index s) const { return end(sequences.below_end(s) - 1); }
  Index row(Index i) const { return pattern.pooled ? sequences.pooled()[static_cast<std::size_t>(i)] : i; }

  /// How many of the keys on the way to s query i of s sees.
  Index visible(Index s, Index i) const {
    const Segment& segment = sequences.segment(s);
    return pattern.causal ? segment.position + row(i) - segment.begin + 1 : segment.reach();
  }
  /// How many of the keys of s alone query i of s, or of a segment below it, sees.
  Index visible_own(Index s, Index i) const {
    const Segment& segment = sequences.segment(s);
    return pattern.causal ? std::min(row(i) - segment.begin + 1, segment.length()) : segment.length();
  }
};

/// A stretch of keys of one head, gathered by position.
template <class T>
struct Keys {
  static constexpr Index width = panel_width<T>;

  Index count = 0, d = 0, at = 0;
  Index* rows = nullptr;

  Index padded() const { return round_up(count, width); }
  Index padded_d() const { return round_up(d, width); }

  static constexpr Index room_for_rows(Index count) { return Parts<T>::room(pieces(count * static_cast<Index>(sizeof(Index)), static_cast<Index>(sizeof(T)))); }

  /// Panels of xᵀ: (d, padded) in pieces of `width` keys.
  void across(const In<T>& x, T* to) const {
    for (Index j = 0; j < count; j += width)
      pack_across<T>(
          std::min(width, count - j), d, [&](Index i) { return x.row(rows[j + i]) + at; }, to + j * d);
  }
  /// Rows of x: (count, padded_d), zeros past d.
  void along(const In<T>& x, T* to) const {
    for (Index j = 0; j < count; ++j, to += padded_d()) {
      std::copy_n(x.row(rows[j]) + at, d, to);
      std::fill(to + d, to + padded_d(), T(0));
    }
  }
};

/// Rows i … of x, one head: where they lie if whole panels can be read there, otherwise copied and padded.
template <class T>
struct HeadRows {
  const T* data;
  Index stride;

  HeadRows(const In<T>& x, Index i, Index n, Index at, Index d, T* copy) : data{x.row(i) + at}, stride{x.stride} {
    const Index padded = round_up(d, panel_width<T>);
    if (padded == d) return;
    for (Index r = 0; r < n; ++r) {
      std::copy_n(x.row(i + r) + at, d, copy + r * padded);
      std::fill(copy + r * padded + d, copy + (r + 1) * padded, T(0));
    }
    data = copy, stride = padded;
  }
};

}  // namespace detail

template <class T, class Self>
struct CpuAttention {
  /// y = softmax(q kᵀ / √d) v per head.          saved(i, h) = log Σ exp of query i
  void attention(In<T> q, In<T> k, In<T> v, const Sequences& sequences, AttentionPattern pattern, Out<T> y, Saved<T> saved) {
    const Index d = y.cols / pattern.heads, longest = round_up(sequences.longest(), width), wide = round_up(d, width);
    if (y.count() == 0) return;
    const Index room =
        Keys::room_for_rows(longest) + Parts::room(longest * d) + Parts::room(longest * wide) + Parts::room(tile_rows * longest) + Parts::room(tile_rows * d);
    Crew::Shift shift{static_cast<Self&>(*this).crew()};
    shift.template parallel<T>(sequences.count() * pattern.heads, room, [&](Index task, T* own) {
      forward({sequences, pattern}, q, k, v, task / pattern.heads, task % pattern.heads, d, y, saved, own);
    });
  }

 private:
  using P = Pack<T>;
  using Parts = detail::Parts<T>;
  using Keys = detail::Keys<T>;
  static constexpr Index width = panel_width<T>;

  static void forward(const detail::Queries& queries, const In<T>& q, const In<T>& k, const In<T>& v, Index s, Index h, Index d, const Out<T>& y,
                      const Saved<T>& saved, T* own) {
    const Index begin = queries.begin(s), end = queries.end(s), at = h * d;
    if (begin == end) return;
    const Segment& segment = queries.sequences.segment(s);
    Parts parts{own};
    Keys keys{segment.reach(), d, at, reinterpret_cast<Index*>(own)};
    parts.take(Keys::room_for_rows(keys.count));
    queries.sequences.path(s, [&](const Segment& a) {
      for (Index r = 0; r < a.length(); ++r) keys.rows[a.position + r] = a.begin + r;
    });

    const Index ld = keys.padded();
    T* const kt = parts.take(ld * d);
    keys.across(k, kt);
    const T* values = v.row(segment.begin) + at;
    Index values_ld = v.stride;
    if (segment.parent >= 0 || d % width != 0 || end - begin > 2 * tile_rows) {
      T* const copy = parts.take(keys.count * keys.padded_d());
      keys.along(v, copy);
      values = copy, values_ld = keys.padded_d();
    }
    T* const scores = parts.take(tile_rows * ld);
    T* const scaled = parts.take(tile_rows * d);
    const P scale{1 / std::sqrt(static_cast<T>(d))};
    alignas(64) T sums[tile_rows * width], total[tile_rows];

    for (Index i = begin; i < end; i += tile_rows) {
      const Index rows = std::min(tile_rows, end - i), seen = queries.visible(s, i + rows - 1);
      for (Index r = 0; r < rows; ++r) {
        const T* from = q.row(i + r) + at;
        T* to = scaled + r * d;
        along<T>(d, [&](Index c, auto part) { (P::load(from + c, part) * scale).store(to + c, part); });
      }
      for (Index j = 0; j < seen; j += width) tile<T>(rows, d, scaled, d, kt + j * d, width, scores + j, ld);
      for (Index r = 0; r < rows; ++r) {
        const Index n = queries.visible(s, i + r);
        const T most = softmax(scores + r * ld, n, total[r]);
        if (n < seen) std::fill(scores + r * ld + n, scores + r * ld + seen, T(0));
        if (saved) saved(i + r, h) = most + std::log(total[r]);
      }
      for (Index c = 0; c < d; c += width) {
        tile<T>(rows, seen, scores, ld, values + c, values_ld, sums, width);
        for (Index r = 0; r < rows; ++r) {
          const T* from = sums + r * width;
          T* to = y.row(i + r) + at + c;
          const P sum{total[r]};
          along<T>(std::min(width, d - c), [&](Index e, auto part) { (P::load(from + e) / sum).store(to + e, part); });
        }
      }
    }
  }

  /// s becomes exp(s - largest); returns the largest, the sum in `total`.
  static T softmax(T* s, Index n, T& total) {
    constexpr T lowest = -std::numeric_limits<T>::infinity();
    P top{lowest};
    along<T>(n, [&](Index j, auto part) { top = max(top, P::load(s + j).keep(part, lowest)); });
    const T most = top.largest();
    const P offset{most};
    total = sum_along<T>(n, [&](Index j, auto part) {
      const P e = exp(P::load(s + j) - offset).keep(part, 0);
      e.store(s + j);
      return e;
    });
    return most;
  }
};

}  // namespace clip::inline CLIP_ABI

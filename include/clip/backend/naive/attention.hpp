// clip/backend/naive/attention.hpp: attention over segments with parents, in plain loops.
//
// The keys a query sees are the rows of its own segment and of all segments above it, in the order of their positions;
// causal patterns stop at the query's own position. Head h owns columns h·d … (h+1)·d - 1 of q, k, v and y.
#pragma once

#include <clip/backend/concept.hpp>

#include <cmath>
#include <limits>
#include <vector>

namespace clip::inline CLIP_ABI {

template <class T>
struct NaiveAttention {
  /// y = softmax(q kᵀ / √d) v per head.          saved(i, h) = log Σ exp of query i
  void attention(In<T> q, In<T> k, In<T> v, const Sequences& sequences, AttentionPattern pattern, Out<T> y,
                 Saved<T> saved) {
    const Index d = y.cols / pattern.heads;
    queries(sequences, pattern, [&](Index i, const std::vector<Index>& keys) {
      for (Index h = 0; h < pattern.heads; ++h) {
        const Index at = h * d;
        std::vector<T> score = scores(q, k, i, keys, at, d);
        T most = -std::numeric_limits<T>::infinity(), sum = 0;
        for (T s : score) most = std::max(most, s);
        for (T& s : score) sum += s = std::exp(s - most);
        for (Index c = 0; c < d; ++c) {
          T value = 0;
          for (std::size_t j = 0; j < keys.size(); ++j) value += score[j] * v(keys[j], at + c);
          y(i, at + c) = value / sum;
        }
        if (saved) saved(i, h) = most + std::log(sum);
      }
    });
  }

  /// With p = softmax, g_j = dy·v_j and D = dy·y:   ds_j = p_j (g_j - D) / √d;
  ///   dq += Σ_j ds_j k_j,   dk_j += ds_j q,   dv_j += p_j dy
  void attention_backward(In<T> q, In<T> k, In<T> v, const Sequences& sequences, AttentionPattern pattern, In<T> y,
                          In<T> saved, In<T> dy, Acc<T> dq, Acc<T> dk, Acc<T> dv) {
    const Index d = y.cols / pattern.heads;
    const T scale = 1 / std::sqrt(static_cast<T>(d));
    clear(dq);
    clear(dk);
    clear(dv);
    queries(sequences, pattern, [&](Index i, const std::vector<Index>& keys) {
      for (Index h = 0; h < pattern.heads; ++h) {
        const Index at = h * d;
        const std::vector<T> score = scores(q, k, i, keys, at, d);
        T along = 0;
        for (Index c = at; c < at + d; ++c) along += dy(i, c) * y(i, c);
        for (std::size_t j = 0; j < keys.size(); ++j) {
          const T p = std::exp(score[j] - saved(i, h));
          T g = 0;
          for (Index c = at; c < at + d; ++c) g += dy(i, c) * v(keys[j], c);
          const T ds = p * (g - along) * scale;
          for (Index c = at; c < at + d; ++c) {
            if (dq) dq(i, c) += ds * k(keys[j], c);
            if (dk) dk(keys[j], c) += ds * q(i, c);
            if (dv) dv(keys[j], c) += p * dy(i, c);
          }
        }
      }
    });
  }

 private:
  /// visit(row of q, rows of the keys it sees), for every query.
  static void queries(const Sequences& sequences, AttentionPattern pattern, auto visit) {
    std::vector<Index> keys;
    const auto see = [&](Index s, Index row_in_segment) {
      keys.clear();
      const Index last = sequences.segment(s).position + row_in_segment;  // own position
      sequences.path(s, [&](const Segment& a) {
        for (Index r = a.begin; r < a.end; ++r)
          if (!pattern.causal || a.position + r - a.begin <= last) keys.push_back(r);
      });
    };
    for (Index s = 0; s < sequences.count(); ++s) {
      const Segment& segment = sequences.segment(s);
      if (pattern.pooled) {
        for (Index p = sequences.pooled_begin(s); p < sequences.pooled_begin(s + 1); ++p) {
          see(s, sequences.pooled()[static_cast<std::size_t>(p)] - segment.begin);
          visit(p, keys);
        }
      } else {
        for (Index r = segment.begin; r < segment.end; ++r) {
          see(s, r - segment.begin);
          visit(r, keys);
        }
      }
    }
  }

  static std::vector<T> scores(In<T> q, In<T> k, Index i, const std::vector<Index>& keys, Index at, Index d) {
    const T scale = 1 / std::sqrt(static_cast<T>(d));
    std::vector<T> score(keys.size());
    for (std::size_t j = 0; j < keys.size(); ++j)
      for (Index c = at; c < at + d; ++c) score[j] += q(i, c) * scale * k(keys[j], c);
    return score;
  }

  static void clear(Acc<T> x) {
    if (x && x.fresh)
      for (Index i = 0; i < x.rows; ++i)
        for (Index j = 0; j < x.cols; ++j) x(i, j) = 0;
  }
};

}  // namespace clip::inline CLIP_ABI

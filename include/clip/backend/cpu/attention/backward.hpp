// clip/backend/cpu/attention/backward.hpp: backward pass of multi-head attention.
//
// A group of segments is one task: its queries visit the keys they see once, which gives their own gradient and those
// of the group's keys. The keys of a segment that queries of other groups see too are a task of their own: they visit
// all those queries, of the segment and its descendants, in order. No two tasks write to the same place.
#pragma once

#include <clip/backend/cpu/attention/head.hpp>
#include <clip/backend/cpu/threads/workers.hpp>

#include <algorithm>
#include <cmath>

namespace clip::inline CLIP_ABI::cpu {

template <class T, class Self>
struct AttentionBackwardPrimitives {
  /// With p = softmax, g_j = dy·v_j and D = dy·y:   ds_j = p_j (g_j - D) / √d;
  ///   dq += Σ_j ds_j k_j,   dk_j += ds_j q,   dv_j += p_j dy
  void attention_backward(In<T> q, In<T> k, In<T> v, const Sequences& sequences, AttentionPattern pattern, In<T> y,
                          In<T> saved, In<T> dy, Acc<T> dq, Acc<T> dk, Acc<T> dv) {
    const Queries queries{sequences, pattern};
    const Index d = y.cols / pattern.heads, keys = sequences.longest() + width, padded_d = round_up(d, width);
    const Index scratch_size = 4 * Arrays::size(keys * padded_d) + 2 * Arrays::size(keys) +
                               2 * Arrays::size(d * width) + 2 * Arrays::size(keys * width) +
                               2 * Arrays::size(width * padded_d);
    ParallelRegion region{static_cast<Self&>(*this).workers()};
    auto* const groups = region.template shared<Group>(2 * sequences.count());
    const Index count = make_groups(sequences, width, groups);
    auto* const shared = groups + count;
    const Index shared_count = dk || dv ? segments_shared_by_groups(sequences, groups, count, shared) : 0;
    region.template parallel<T>((shared_count + count) * pattern.heads, scratch_size, [&](Index task, T* scratch) {
      const Index n = task / pattern.heads, h = task % pattern.heads;
      const bool keys_only = n < shared_count;
      Task{{queries, keys_only ? shared[n] : groups[n - shared_count], h, d}, q, k, v, y, saved, dy, dq, dk, dv}.run(
          keys_only, scratch);
    });
  }

 private:
  using P = Simd<T>;
  using Arrays = ScratchArrays<T>;
  static constexpr Index width = panel_width<T>;

  struct Task {
    Head<T> head;
    const In<T>&q, &k, &v, &y, &saved, &dy;
    const Acc<T>&dq, &dk, &dv;

    /// The arrays in scratch.
    struct Buffers {
      T *k_copy, *v_copy, *k_sums, *v_sums, *first_query, *end_query, *qt, *dyt, *p, *ds, *q_copy, *dy_copy;
      HeadRows<T> k_rows{}, v_rows{};
    };

    /// The gradients of a group, or those of the keys of one segment from the queries of all groups (`keys_only`).
    void run(bool keys_only, T* scratch) {
      const Sequences& sequences = head.sequences;
      const Index s = head.group.first, ancestor_keys = head.group.ancestor_keys(sequences);
      const Index padded_d = head.padded_d, d = head.d;
      if (keys_only) {
        head.end = head.queries.descendants_end(s);
        head.masked = true;
      }
      if (head.first == head.end && !(dk || dv)) return;
      Arrays arrays{scratch};
      const Index keys = head.keys;
      Buffers buffers{arrays.take(keys * padded_d),
                      arrays.take(keys * padded_d),
                      arrays.take(keys * padded_d),
                      arrays.take(keys * padded_d),
                      arrays.take(keys),
                      arrays.take(keys),
                      arrays.take(d * width),
                      arrays.take(d * width),
                      arrays.take(keys * width),
                      arrays.take(keys * width),
                      arrays.take(width * padded_d),
                      arrays.take(width * padded_d)};
      const bool want_kv = dk || dv;
      if (keys_only) {
        const Segment& a = sequences.segment(s);
        buffers.k_rows = head_rows(k, a.begin, a.length(), head.column, d, buffers.k_copy);
        buffers.v_rows = head_rows(v, a.begin, a.length(), head.column, d, buffers.v_copy);
        visible_to_descendants(head.queries, s, head.first, head.end - head.first, buffers.first_query,
                               buffers.end_query);
        visit_queries(buffers, 0, a.length(), true, false, true);
        add_key_gradients(buffers, 0, a);
      } else {
        buffers.k_rows = head_keys(sequences, head.group, k, head.column, d, buffers.k_copy);
        buffers.v_rows = head_keys(sequences, head.group, v, head.column, d, buffers.v_copy);
        if (head.masked) visible_to_group(head.queries, head.group, buffers.first_query, buffers.end_query);
        visit_queries(buffers, ancestor_keys, keys, false, bool(dq), want_kv);
        for (Index g = s; want_kv && g < head.group.end; ++g)
          if (sequences.below_end(g) <= head.group.end)
            add_key_gradients(buffers, head.group.key_index(sequences, sequences.segment(g)), sequences.segment(g));
      }
    }

    /// Visits every query with the keys it may see. The gradients of keys `first_key` … are summed in scratch.
    void visit_queries(const Buffers& buffers, Index first_key, Index keys, bool keys_only, bool want_q,
                       bool want_kv) const {
      const Index padded_d = head.padded_d;
      if (want_kv)
        for (Index c = first_key * padded_d; c < keys * padded_d; c += P::size) {
          P(0).store(buffers.k_sums + c);
          P(0).store(buffers.v_sums + c);
        }
      for (Index i = head.first; i < head.end; i += width) {
        const Index n = std::min(width, head.end - i), count = keys_only ? keys : head.visible_keys(i + n);
        probabilities(buffers, i, n, count);
        if (want_q)
          for (Index s = head.group.first; s < head.group.end; ++s) add_query_gradients(buffers, s, i, n);
        if (!want_kv) continue;
        const auto query = head_rows(q, i, n, head.column, head.d, buffers.q_copy);
        const auto slope = head_rows(dy, i, n, head.column, head.d, buffers.dy_copy);
        for (Index c = 0; c < head.d; c += width)
          each_tile(first_key, count, [&](Index j, Index rows) {
            if (dk)
              multiply_tile<T>(rows, n, buffers.ds + j * width, width, query.data + c, query.stride,
                               buffers.k_sums + j * padded_d + c, padded_d, true);
            if (dv)
              multiply_tile<T>(rows, n, buffers.p + j * width, width, slope.data + c, slope.stride,
                               buffers.v_sums + j * padded_d + c, padded_d, true);
          });
      }
    }

    /// p and ds of queries [i, i + n), zeros where a query does not see the key.
    void probabilities(const Buffers& buffers, Index i, Index n, Index count) const {
      head.transpose_scaled_queries(q, i, n, buffers.qt);
      head.transpose_queries(dy, i, n, buffers.dyt);
      head.multiply_keys(buffers.k_rows, count, buffers.qt, buffers.p);
      head.multiply_keys(buffers.v_rows, count, buffers.dyt, buffers.ds);
      alignas(64) T log_sums[width] = {}, dots[width] = {};  // log Σ exp and D
      for (Index r = 0; r < n; ++r) {
        const T *slope = dy.row(i + r) + head.column, *value = y.row(i + r) + head.column;
        log_sums[r] = saved(i + r, head.h);
        dots[r] = sum_packets<T>(
            head.d, [&](Index c, auto mask) { return P::load(slope + c, mask) * P::load(value + c, mask); });
      }
      const P scale{1 / std::sqrt(static_cast<T>(head.d))}, zero{0};
      for (Index c = 0; c < n; c += P::size) {
        const P query = iota_packet<T>(i - head.first + c);
        const P log_sum = P::load(log_sums + c), dot = P::load(dots + c);
        for (Index j = 0; j < count; ++j) {
          T *const p = buffers.p + j * width + c, *const ds = buffers.ds + j * width + c;
          P e = exp(P::load(p) - log_sum);
          if (head.masked) e = choose_between(query, P(buffers.first_query[j]), P(buffers.end_query[j]), e, zero);
          e.store(p);
          (e * (P::load(ds) - dot) * scale).store(ds);
        }
      }
    }

    /// Adds dq of the queries of s among [panel, panel + n).
    void add_query_gradients(const Buffers& buffers, Index s, Index panel, Index n) const {
      head.weighted_sums(s, panel, n, buffers.ds, buffers.k_rows, [&](Index i, Index c, Index columns, const T* sums) {
        T* to = dq.row(i) + head.column + c;
        each_packet<T>(columns, [&](Index e, auto mask) { accumulate(to + e, dq.fresh, P::load(sums + e), mask); });
      });
    }

    /// Adds dk and dv of segment a, whose sums begin with key `key`.
    void add_key_gradients(const Buffers& buffers, Index key, const Segment& a) const {
      const auto add = [&](const T* sums, const Acc<T>& target) {
        for (Index row = a.begin; row < a.end; ++row, sums += head.padded_d) {
          T* to = target.row(row) + head.column;
          each_packet<T>(head.d,
                         [&](Index c, auto mask) { accumulate(to + c, target.fresh, P::load(sums + c), mask); });
        }
      };
      if (dk) add(buffers.k_sums + key * head.padded_d, dk);
      if (dv) add(buffers.v_sums + key * head.padded_d, dv);
    }
  };
};

}  // namespace clip::inline CLIP_ABI::cpu

// clip/backend/cpu/attention/backward.hpp: the derivative of attention, probabilities computed anew from log Σ exp.
//
// A group of segments is one task: its queries meet the keys they see once, and give their own gradient and those of its keys.
// The keys of a segment that queries of other groups see as well are a task of their own: they meet all those queries, its own
// and those of the segments below, in their order. Nothing is written by two tasks.
#pragma once

#include <clip/backend/cpu/attention/attention.hpp>

namespace clip::inline CLIP_ABI {

template <class T, class Self>
struct CpuAttentionBackward {
  /// With p = softmax, g_j = dy·v_j and D = dy·y:   ds_j = p_j (g_j - D) / √d;
  ///   dq += Σ_j ds_j k_j,   dk_j += ds_j q,   dv_j += p_j dy
  void attention_backward(In<T> q, In<T> k, In<T> v, const Sequences& sequences, AttentionPattern pattern, In<T> y,
                          In<T> saved, In<T> dy, Acc<T> dq, Acc<T> dk, Acc<T> dv) {
    const detail::Queries queries{sequences, pattern};
    const Index d = y.cols / pattern.heads, keys = sequences.longest() + width, wide = round_up(d, width);
    const Index room = 4 * Parts::room(keys * wide) + 2 * Parts::room(keys) + 2 * Parts::room(d * width) +
                       2 * Parts::room(keys * width) + 2 * Parts::room(width * wide);
    Crew::Shift shift{static_cast<Self&>(*this).crew()};
    auto* const groups = shift.template shared<detail::Group>(2 * sequences.count());
    const Index count = detail::cut_into_groups(sequences, width, groups);
    auto* const elsewhere = groups + count;
    const Index others = dk || dv ? detail::seen_from_elsewhere(sequences, groups, count, elsewhere) : 0;
    shift.template parallel<T>((others + count) * pattern.heads, room, [&](Index task, T* own) {
      const Index n = task / pattern.heads, h = task % pattern.heads;
      Task{{queries, n < others ? elsewhere[n] : groups[n - others], h, d}, q, k, v, y, saved, dy, dq, dk, dv}.run(
          n < others, own);
    });
  }

 private:
  using P = Pack<T>;
  using Parts = detail::Parts<T>;
  static constexpr Index width = panel_width<T>;

  struct Task {
    detail::Head<T> head;
    const In<T>&q, &k, &v, &y, &saved, &dy;
    const Acc<T>&dq, &dk, &dv;

    /// Where the parts of the scratch lie.
    struct Desk {
      T *k_copy, *v_copy, *k_sums, *v_sums, *from, *until, *qt, *dyt, *p, *ds, *q_copy, *dy_copy;
      detail::HeadRows<T> k_rows{}, v_rows{};
    };

    void run(bool keys_only, T* own) {
      const Sequences& sequences = head.sequences;
      const Index s = head.group.first, above = head.group.above(sequences), wide = head.wide, d = head.d;
      if (keys_only) head.end = head.queries.end_below(s), head.masked = true;
      if (head.first == head.end && !(dk || dv)) return;
      Parts parts{own};
      const Index keys = head.keys;
      Desk desk{parts.take(keys * wide),  parts.take(keys * wide),  parts.take(keys * wide),  parts.take(keys * wide),
                parts.take(keys),         parts.take(keys),         parts.take(d * width),    parts.take(d * width),
                parts.take(keys * width), parts.take(keys * width), parts.take(width * wide), parts.take(width * wide)};
      const bool want_kv = dk || dv;
      if (keys_only) {
        const Segment& a = sequences.segment(s);
        desk.k_rows = detail::head_rows(k, a.begin, a.length(), head.at, d, desk.k_copy);
        desk.v_rows = detail::head_rows(v, a.begin, a.length(), head.at, d, desk.v_copy);
        detail::who_sees_own(head.queries, s, head.first, head.end - head.first, desk.from, desk.until);
        meet(desk, 0, a.length(), true, false, true);
        add_keys(desk, 0, a);
      } else {
        desk.k_rows = detail::head_keys(sequences, head.group, k, head.at, d, desk.k_copy);
        desk.v_rows = detail::head_keys(sequences, head.group, v, head.at, d, desk.v_copy);
        if (head.masked) detail::who_sees(head.queries, head.group, desk.from, desk.until);
        meet(desk, above, keys, false, bool(dq), want_kv);
        for (Index g = s; want_kv && g < head.group.end; ++g)
          if (sequences.below_end(g) <= head.group.end)
            add_keys(desk, head.group.place(sequences, sequences.segment(g)), sequences.segment(g));
      }
    }

    /// Every query with the keys it may see; their gradients are summed from key `first_key` on.
    void meet(const Desk& desk, Index first_key, Index keys, bool keys_only, bool want_q, bool want_kv) const {
      const Index wide = head.wide;
      if (want_kv)
        for (Index c = first_key * wide; c < keys * wide; c += P::size)
          P(0).store(desk.k_sums + c), P(0).store(desk.v_sums + c);
      for (Index i = head.first; i < head.end; i += width) {
        const Index n = std::min(width, head.end - i), count = keys_only ? keys : head.seen(i + n);
        probabilities(desk, i, n, count);
        if (want_q)
          for (Index s = head.group.first; s < head.group.end; ++s) add_queries(desk, s, i, n);
        if (!want_kv) continue;
        const auto query = detail::head_rows(q, i, n, head.at, head.d, desk.q_copy),
                   slope = detail::head_rows(dy, i, n, head.at, head.d, desk.dy_copy);
        for (Index c = 0; c < head.d; c += width)
          each_tile(first_key, count, [&](Index j, Index rows) {
            if (dk)
              tile<T>(rows, n, desk.ds + j * width, width, query.data + c, query.stride, desk.k_sums + j * wide + c,
                      wide, true);
            if (dv)
              tile<T>(rows, n, desk.p + j * width, width, slope.data + c, slope.stride, desk.v_sums + j * wide + c,
                      wide, true);
          });
      }
    }

    /// p and ds of queries [i, i + n), zeros where a query does not see the key.
    void probabilities(const Desk& desk, Index i, Index n, Index count) const {
      head.across_scaled(q, i, n, desk.qt);
      head.across(dy, i, n, desk.dyt);
      head.products(desk.k_rows, count, desk.qt, desk.p);
      head.products(desk.v_rows, count, desk.dyt, desk.ds);
      alignas(64) T log_sums[width] = {}, both[width] = {};
      for (Index r = 0; r < n; ++r) {
        const T *slope = dy.row(i + r) + head.at, *value = y.row(i + r) + head.at;
        log_sums[r] = saved(i + r, head.h);
        both[r] = sum_along<T>(head.d,
                               [&](Index c, auto part) { return P::load(slope + c, part) * P::load(value + c, part); });
      }
      const P scale{1 / std::sqrt(static_cast<T>(head.d))}, zero{0};
      for (Index c = 0; c < n; c += P::size) {
        const P lane = detail::lanes_from<T>(i - head.first + c), log_sum = P::load(log_sums + c),
                mean = P::load(both + c);
        for (Index j = 0; j < count; ++j) {
          T *const p = desk.p + j * width + c, *const ds = desk.ds + j * width + c;
          P e = exp(P::load(p) - log_sum);
          if (head.masked) e = detail::between(lane, P(desk.from[j]), P(desk.until[j]), e, zero);
          e.store(p);
          (e * (P::load(ds) - mean) * scale).store(ds);
        }
      }
    }

    /// dq of the queries of s among [panel, panel + n).
    void add_queries(const Desk& desk, Index s, Index panel, Index n) const {
      head.each_tile_of(s, panel, n, desk.ds, desk.k_rows, [&](Index i, Index c, Index columns, const T* sums) {
        T* to = dq.row(i) + head.at + c;
        along<T>(columns, [&](Index e, auto part) { accumulate(to + e, dq.fresh, P::load(sums + e), part); });
      });
    }

    void add_keys(const Desk& desk, Index place, const Segment& a) const {
      const auto add = [&](const T* sums, const Acc<T>& target) {
        for (Index row = a.begin; row < a.end; ++row, sums += head.wide) {
          T* to = target.row(row) + head.at;
          along<T>(head.d, [&](Index c, auto part) { accumulate(to + c, target.fresh, P::load(sums + c), part); });
        }
      };
      if (dk) add(desk.k_sums + place * head.wide, dk);
      if (dv) add(desk.v_sums + place * head.wide, dv);
    }
  };
};

}  // namespace clip::inline CLIP_ABI

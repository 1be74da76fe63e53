// clip/backend/cpu/attention_backward.hpp: the derivative of attention, probabilities computed anew from log Σ exp.
//
// A segment that shares nothing is one task: its queries meet its keys once. Where segments share beginnings there are two:
// one gives dq of the segment's queries over all keys they see, the other dk and dv of its own keys over all queries that
// see them, its own and those of the segments below, in their order. Nothing is written by two tasks.
#pragma once

#include <clip/backend/cpu/attention.hpp>

namespace clip::inline CLIP_ABI {

template <class T, class Self>
struct CpuAttentionBackward {
  /// With p = softmax, g_j = dy·v_j and D = dy·y:   ds_j = p_j (g_j - D) / √d;
  ///   dq += Σ_j ds_j k_j,   dk_j += ds_j q,   dv_j += p_j dy
  void attention_backward(In<T> q, In<T> k, In<T> v, const Sequences& sequences, AttentionPattern pattern, In<T> y, In<T> saved, In<T> dy, Acc<T> dq, Acc<T> dk,
                          Acc<T> dv) {
    const Inputs in{{sequences, pattern}, q, k, v, y, saved, dy, dq, dk, dv, y.cols / pattern.heads};
    const Index longest = round_up(sequences.longest(), width), wide = round_up(in.d, width), heads = pattern.heads;
    const Index room = Keys::room_for_rows(longest) + 2 * Parts::room(longest * in.d) + 3 * Parts::room(longest * wide) + Parts::room(at_once * in.d) +
                       2 * Parts::room(at_once * longest) + 2 * Parts::room(at_once * wide);
    const Index count = sequences.count() * heads;
    Crew::Shift shift{static_cast<Self&>(*this).crew()};
    shift.template parallel<T>(sequences.shared() ? 2 * count : count, room, [&](Index task, T* own) {
      const Index s = task % count / heads, h = task % heads;
      const bool alone = sequences.segment(s).parent < 0 && sequences.below_end(s) == s + 1;
      if (alone && task < count) in.whole(s, h, own);
      if (!alone && task < count) in.keys(s, h, own);
      if (!alone && task >= count) in.queries_of(s, h, own);
    });
  }

 private:
  using P = Pack<T>;
  using Parts = detail::Parts<T>;
  using Keys = detail::Keys<T>;
  static constexpr Index width = panel_width<T>, at_once = 4 * tile_rows;

  struct Inputs {
    detail::Queries queries;
    const In<T>&q, &k, &v, &y, &saved, &dy;
    const Acc<T>&dq, &dk, &dv;
    Index d;

    void whole(Index s, Index h, T* own) const {
      const Segment& a = queries.sequences.segment(s);
      task(
          own, h, a.length(), [&](Index* rows) { own_rows(a, rows); }, queries.begin(s), queries.end(s), [&](Index i) { return queries.visible(s, i); },
          bool(dq), dk || dv);
    }
    void keys(Index s, Index h, T* own) const {
      const Segment& a = queries.sequences.segment(s);
      if (dk || dv)
        task(
            own, h, a.length(), [&](Index* rows) { own_rows(a, rows); }, queries.begin(s), queries.end_below(s),
            [&](Index i) { return queries.visible_own(s, i); }, false, true);
    }
    void queries_of(Index s, Index h, T* own) const {
      if (dq && queries.begin(s) < queries.end(s))
        task(
            own, h, queries.sequences.segment(s).reach(),
            [&](Index* rows) { queries.sequences.path(s, [&](const Segment& a) { own_rows(a, rows + a.position); }); }, queries.begin(s), queries.end(s),
            [&](Index i) { return queries.visible(s, i); }, true, false);
    }
    static void own_rows(const Segment& a, Index* rows) {
      for (Index r = 0; r < a.length(); ++r) rows[r] = a.begin + r;
    }

    /// Queries [begin, end) of head h against `count` keys.
    template <class Rows, class Visible>
    void task(T* own, Index h, Index count, Rows&& list, Index begin, Index end, Visible&& visible, bool want_q, bool want_kv) const {
      Parts parts{own};
      Keys keys{count, d, h * d, reinterpret_cast<Index*>(own)};
      parts.take(Keys::room_for_rows(count));
      list(keys.rows);
      const Index ld = keys.padded(), wide = keys.padded_d(), at = keys.at;
      T *const kt = parts.take(ld * d), *const vt = parts.take(ld * d), *const k_rows = parts.take(count * wide);
      T *const k_sums = parts.take(count * wide), *const v_sums = parts.take(count * wide);
      T *const scaled = parts.take(at_once * d), *const p = parts.take(at_once * ld), *const ds = parts.take(at_once * ld);
      T *const q_copy = parts.take(at_once * wide), *const dy_copy = parts.take(at_once * wide);
      if (begin < end) keys.across(k, kt), keys.across(v, vt);
      if (want_q) keys.along(k, k_rows);
      if (want_kv) std::fill_n(k_sums, count * wide, T(0)), std::fill_n(v_sums, count * wide, T(0));

      for (Index i = begin; i < end; i += at_once) {
        const Index n = std::min(at_once, end - i);
        Index most = 0;
        for (Index r = 0; r < n; ++r) most = std::max(most, visible(i + r));
        for (Index r = 0; r < n; r += tile_rows) {
          const Index rows = std::min(tile_rows, n - r);
          probabilities(i + r, rows, h, most, visible, kt, vt, scaled + r * d, p + r * ld, ds + r * ld, ld);
          if (want_q) add_rows(rows, most, ds + r * ld, ld, k_rows, wide, i + r, at);
        }
        if (!want_kv) continue;
        const detail::HeadRows<T> query{q, i, n, at, d, q_copy}, slope{dy, i, n, at, d, dy_copy};
        for (Index c = 0; c < d; c += width)
          for (Index j = 0; j < most; j += tile_rows) {
            const Index rows = std::min(tile_rows, most - j);
            if (dk) tile<T, Reading::across>(rows, n, ds + j, ld, query.data + c, query.stride, k_sums + j * wide + c, wide, true);
            if (dv) tile<T, Reading::across>(rows, n, p + j, ld, slope.data + c, slope.stride, v_sums + j * wide + c, wide, true);
          }
      }
      if (!want_kv) return;
      if (dk) add_keys(keys, k_sums, dk);
      if (dv) add_keys(keys, v_sums, dv);
    }

    void add_keys(const Keys& keys, const T* sums, const Acc<T>& target) const {
      for (Index j = 0; j < keys.count; ++j, sums += keys.padded_d()) {
        T* to = target.row(keys.rows[j]) + keys.at;
        along<T>(d, [&](Index c, auto part) { accumulate(to + c, target.fresh, P::load(sums + c), part); });
      }
    }

    /// p and ds of `rows` queries from i on, zeros where they do not look.
    template <class Visible>
    void probabilities(Index i, Index rows, Index h, Index most, Visible&& visible, const T* kt, const T* vt, T* scaled, T* p, T* ds, Index ld) const {
      const Index at = h * d;
      const P scale{1 / std::sqrt(static_cast<T>(d))};
      for (Index r = 0; r < rows; ++r) {
        const T* from = q.row(i + r) + at;
        T* to = scaled + r * d;
        along<T>(d, [&](Index c, auto part) { (P::load(from + c, part) * scale).store(to + c, part); });
      }
      for (Index j = 0; j < most; j += width) {
        tile<T>(rows, d, scaled, d, kt + j * d, width, p + j, ld);
        tile<T>(rows, d, dy.row(i) + at, dy.stride, vt + j * d, width, ds + j, ld);
      }
      for (Index r = 0; r < rows; ++r, p += ld, ds += ld) {
        const Index n = visible(i + r);
        const P log_sum{saved(i + r, h)};
        const T *slope = dy.row(i + r) + at, *value = y.row(i + r) + at;
        const P both{sum_along<T>(d, [&](Index c, auto part) { return P::load(slope + c, part) * P::load(value + c, part); })};
        along<T>(n, [&](Index j, auto part) {
          const P e = exp(P::load(p + j) - log_sum).keep(part, 0);
          e.store(p + j);
          (e * (P::load(ds + j) - both) * scale).store(ds + j);
        });
        const Index done = round_up(n, P::size), end = round_up(most, P::size);
        if (done < end) std::fill(p + done, p + end, T(0)), std::fill(ds + done, ds + end, T(0));
      }
    }

    void add_rows(Index rows, Index depth, const T* ds, Index ld, const T* k_rows, Index wide, Index i, Index at) const {
      alignas(64) T sums[tile_rows * width];
      for (Index c = 0; c < d; c += width) {
        tile<T>(rows, depth, ds, ld, k_rows + c, wide, sums, width);
        for (Index r = 0; r < rows; ++r) {
          T* to = dq.row(i + r) + at + c;
          const T* from = sums + r * width;
          along<T>(std::min(width, d - c), [&](Index e, auto part) { accumulate(to + e, dq.fresh, P::load(from + e), part); });
        }
      }
    }
  };
};

}  // namespace clip::inline CLIP_ABI

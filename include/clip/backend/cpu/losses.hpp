// clip/backend/cpu/losses.hpp: cross-entropy with several positives, over rows or columns.
//
// Positives are found through the groups in sorted order, not by comparing every pair.
#pragma once

#include <clip/backend/concept.hpp>
#include <clip/backend/cpu/simd/loops.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace clip::inline CLIP_ABI {

template <class T, class Self>
struct CpuLosses {
  /// loss += weight · mean_i (log Σ_j exp L_ij - mean of L_ij over the positives of i).          saved(0, i) = log Σ exp
  void cross_entropy(In<T> logits, Ids row_groups, Ids col_groups, Axis axis, double weight, Acc<T> loss,
                     Saved<T> saved) {
    const bool rows = axis == Axis::rows;
    const Index count = rows ? logits.rows : logits.cols;
    Crew::Shift shift{crew()};
    T* log_sums = shift.template shared<T>(count + room_for_order(rows ? logits.cols : logits.rows));
    const Order order{rows ? col_groups : row_groups, log_sums + round_up(count, 64)};
    if (rows) {
      const Index high = std::max<Index>(1, small_work / 2 / std::max<Index>(logits.cols, 1));
      shift.template parallel<T>(pieces(count, high), 0, [&](Index task, T*) {
        for (Index i = task * high; i < std::min(count, (task + 1) * high); ++i)
          log_sums[i] = log_sum(logits.row(i), logits.cols);
      });
    } else {
      shift.template parallel<T>(pieces(count, columns_at_once), 0,
                                 [&](Index task, T*) { column_log_sums(logits, task * columns_at_once, log_sums); });
    }
    double total = 0;
    for (Index i = 0; i < count; ++i) {
      const auto [first, last] = order.of((rows ? row_groups : col_groups)[static_cast<std::size_t>(i)]);
      T positives = 0;
      for (const std::int32_t* j = first; j < last; ++j) positives += rows ? logits(i, *j) : logits(*j, i);
      total += log_sums[i] - (first < last ? positives / static_cast<T>(last - first) : T(0));
      if (saved) saved(0, i) = log_sums[i];
    }
    loss.add(0, 0, static_cast<T>(weight * total / static_cast<double>(count)));
  }

  /// dL_ij += weight dloss / n (softmax_ij - [j positive of i] / number of positives of i)
  void cross_entropy_backward(In<T> logits, Ids row_groups, Ids col_groups, Axis axis, double weight, In<T> saved,
                              In<T> dloss, Acc<T> dlogits) {
    const bool rows = axis == Axis::rows;
    const Index count = rows ? logits.rows : logits.cols, n = logits.cols;
    const P factor{static_cast<T>(weight) * dloss(0, 0) / static_cast<T>(count)};
    Crew::Shift shift{crew()};
    T* share = shift.template shared<T>(n + 2 * room_for_order(std::max(n, logits.rows)));  // 1 / positives of a column
    T* const lists = share + round_up(n, 64);
    const Order columns{col_groups, lists};
    if (!rows) {
      const Order order{row_groups, lists + room_for_order(std::max(n, logits.rows))};
      for (Index j = 0; j < n; ++j) {
        const auto [first, last] = order.of(col_groups[static_cast<std::size_t>(j)]);
        share[j] = first < last ? 1 / static_cast<T>(last - first) : T(0);
      }
    }
    const Index high = std::max<Index>(1, small_work / 2 / std::max<Index>(n, 1));
    shift.template parallel<T>(pieces(logits.rows, high), round_up(n, P::size), [&](Index task, T* p) {
      for (Index i = task * high; i < std::min(logits.rows, (task + 1) * high); ++i) {
        const P row_sum{rows ? saved(0, i) : T(0)};
        along<T>(n, [&](Index j, auto part) {
          exp(P::load(logits.row(i) + j, part) - (rows ? row_sum : P::load(saved.row(0) + j, part))).store(p + j);
        });
        const auto [first, last] = columns.of(row_groups[static_cast<std::size_t>(i)]);
        for (const std::int32_t* j = first; j < last; ++j) p[*j] -= rows ? 1 / static_cast<T>(last - first) : share[*j];
        along<T>(n, [&](Index j, auto part) {
          accumulate(dlogits.row(i) + j, dlogits.fresh, factor * P::load(p + j), part);
        });
      }
    });
  }

 private:
  using P = Pack<T>;
  static constexpr Index columns_at_once = 4 * P::size;

  Crew& crew() { return static_cast<Self&>(*this).crew(); }

  static constexpr Index room_for_order(Index n) {
    return round_up(pieces(n * static_cast<Index>(sizeof(std::int32_t)), static_cast<Index>(sizeof(T))), 64) + 64;
  }

  /// 0 … n-1 by (group, number).
  struct Order {
    struct Found {
      const std::int32_t *first, *last;
    };
    Ids groups;
    std::int32_t* list;

    Order(Ids groups_, T* memory) : groups{groups_}, list{reinterpret_cast<std::int32_t*>(memory)} {
      for (std::size_t i = 0; i < groups.size(); ++i) list[i] = static_cast<std::int32_t>(i);
      const auto less = [&](std::int32_t a, std::int32_t b) {
        return group(a) != group(b) ? group(a) < group(b) : a < b;
      };
      if (!std::is_sorted(list, list + groups.size(), less)) std::sort(list, list + groups.size(), less);
    }
    std::int32_t group(std::int32_t i) const { return groups[static_cast<std::size_t>(i)]; }

    /// The members of a group, ascending.
    Found of(std::int32_t wanted) const {
      const std::int32_t *begin = list, *end = list + groups.size();
      const auto* first =
          std::lower_bound(begin, end, wanted, [&](std::int32_t i, std::int32_t g) { return group(i) < g; });
      const auto* last = first;
      while (last < end && group(*last) == wanted) ++last;
      return {first, last};
    }
  };

  static T log_sum(const T* row, Index n) {
    constexpr T lowest = -std::numeric_limits<T>::infinity();
    P top{lowest};
    along<T>(n, [&](Index j, auto part) { top = max(top, P::load(row + j, part, lowest)); });
    const T most = top.largest();
    return most +
           std::log(sum_along<T>(n, [&](Index j, auto part) { return exp(P::load(row + j, part, lowest) - P(most)); }));
  }

  static void column_log_sums(const In<T>& logits, Index left, T* log_sums) {
    along<T>(std::min(columns_at_once, logits.cols - left), [&](Index c, auto part) {
      P top{-std::numeric_limits<T>::infinity()}, sum{0};
      for (Index i = 0; i < logits.rows; ++i) top = max(top, P::load(logits.row(i) + left + c, part));
      for (Index i = 0; i < logits.rows; ++i) sum = sum + exp(P::load(logits.row(i) + left + c, part) - top);
      (top + P::lanes(sum, [](T lane) { return std::log(lane); })).store(log_sums + left + c, part);
    });
  }
};

}  // namespace clip::inline CLIP_ABI

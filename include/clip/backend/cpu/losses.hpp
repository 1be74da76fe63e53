// clip/backend/cpu/losses.hpp: cross-entropy with several positives per row or column, forward and backward.
//
// Positives are found in a list sorted by group, not by comparing every pair.
#pragma once

#include <clip/backend/concept.hpp>
#include <clip/backend/cpu/threads/loops.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace clip::inline CLIP_ABI::cpu {

template <class T, class Self>
struct LossPrimitives {
  /// loss += weight · mean_i (log Σ_j exp L_ij - mean of L_ij over the positives of i).
  ///   saved(0, i) = log Σ_j exp L_ij
  void cross_entropy(In<T> logits, Ids row_groups, Ids col_groups, Axis axis, double weight, Acc<T> loss,
                     Saved<T> saved) {
    const bool rows = axis == Axis::rows;
    const Index count = rows ? logits.rows : logits.cols;
    ParallelRegion region{workers()};
    T* log_sums = region.template shared<T>(count + sorted_size(rows ? logits.cols : logits.rows));
    const SortedGroups sorted{rows ? col_groups : row_groups, log_sums + round_up(count, 64)};
    if (rows) {
      const Index rows_per_task = std::max<Index>(1, serial_limit / 2 / std::max<Index>(logits.cols, 1));
      region.template parallel<T>(ceil_div(count, rows_per_task), 0, [&](Index task, T*) {
        for (Index i = task * rows_per_task; i < std::min(count, (task + 1) * rows_per_task); ++i)
          log_sums[i] = log_sum(logits.row(i), logits.cols);
      });
    } else {
      region.template parallel<T>(ceil_div(count, columns_per_task), 0,
                                  [&](Index task, T*) { column_log_sums(logits, task * columns_per_task, log_sums); });
    }
    double total = 0;
    for (Index i = 0; i < count; ++i) {
      const auto [first, last] = sorted.members((rows ? row_groups : col_groups)[static_cast<std::size_t>(i)]);
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
    ParallelRegion region{workers()};
    T* const column_share = region.template shared<T>(n + 2 * sorted_size(std::max(n, logits.rows)));
    T* const lists = column_share + round_up(n, 64);
    const SortedGroups columns{col_groups, lists};
    if (!rows) {  // column_share : 1 / number of positives of a column
      const SortedGroups sorted{row_groups, lists + sorted_size(std::max(n, logits.rows))};
      for (Index j = 0; j < n; ++j) {
        const auto [first, last] = sorted.members(col_groups[static_cast<std::size_t>(j)]);
        column_share[j] = first < last ? 1 / static_cast<T>(last - first) : T(0);
      }
    }
    const Index rows_per_task = std::max<Index>(1, serial_limit / 2 / std::max<Index>(n, 1));
    region.template parallel<T>(ceil_div(logits.rows, rows_per_task), round_up(n, P::size), [&](Index task, T* p) {
      for (Index i = task * rows_per_task; i < std::min(logits.rows, (task + 1) * rows_per_task); ++i) {
        const P row_sum{rows ? saved(0, i) : T(0)};
        each_packet<T>(n, [&](Index j, auto mask) {
          exp(P::load(logits.row(i) + j, mask) - (rows ? row_sum : P::load(saved.row(0) + j, mask))).store(p + j);
        });
        const auto [first, last] = columns.members(row_groups[static_cast<std::size_t>(i)]);
        for (const std::int32_t* j = first; j < last; ++j)
          p[*j] -= rows ? 1 / static_cast<T>(last - first) : column_share[*j];
        each_packet<T>(n, [&](Index j, auto mask) {
          accumulate(dlogits.row(i) + j, dlogits.fresh, factor * P::load(p + j), mask);
        });
      }
    });
  }

 private:
  using P = Simd<T>;
  static constexpr Index columns_per_task = 4 * P::size;

  Workers& workers() { return static_cast<Self&>(*this).workers(); }

  /// Scratch of SortedGroups for n indices, in T.
  static constexpr Index sorted_size(Index n) {
    return round_up(ceil_div(n * static_cast<Index>(sizeof(std::int32_t)), static_cast<Index>(sizeof(T))), 64) + 64;
  }

  /// The indices 0 … n-1 sorted by (group, index).
  struct SortedGroups {
    struct Range {
      const std::int32_t *first, *last;
    };
    Ids groups;
    std::int32_t* list;

    SortedGroups(Ids groups_, T* memory) : groups{groups_}, list{reinterpret_cast<std::int32_t*>(memory)} {
      for (std::size_t i = 0; i < groups.size(); ++i) list[i] = static_cast<std::int32_t>(i);
      const auto less = [&](std::int32_t a, std::int32_t b) {
        return group(a) != group(b) ? group(a) < group(b) : a < b;
      };
      if (!std::is_sorted(list, list + groups.size(), less)) std::sort(list, list + groups.size(), less);
    }
    std::int32_t group(std::int32_t i) const { return groups[static_cast<std::size_t>(i)]; }

    /// The indices of one group, ascending.
    Range members(std::int32_t wanted) const {
      const std::int32_t *begin = list, *end = list + groups.size();
      const auto* first =
          std::lower_bound(begin, end, wanted, [&](std::int32_t i, std::int32_t g) { return group(i) < g; });
      const auto* last = first;
      while (last < end && group(*last) == wanted) ++last;
      return {first, last};
    }
  };

  /// log Σ exp of a row.
  static T log_sum(const T* row, Index n) {
    constexpr T lowest = -std::numeric_limits<T>::infinity();
    P top{lowest};
    each_packet<T>(n, [&](Index j, auto mask) { top = max(top, P::load(row + j, mask, lowest)); });
    const T maximum = top.largest();
    return maximum + std::log(sum_packets<T>(
                         n, [&](Index j, auto mask) { return exp(P::load(row + j, mask, lowest) - P(maximum)); }));
  }

  /// log Σ exp of columns_per_task columns from `left` on, each in its lane.
  static void column_log_sums(const In<T>& logits, Index left, T* log_sums) {
    each_packet<T>(std::min(columns_per_task, logits.cols - left), [&](Index c, auto mask) {
      P top{-std::numeric_limits<T>::infinity()}, sum{0};
      for (Index i = 0; i < logits.rows; ++i) top = max(top, P::load(logits.row(i) + left + c, mask));
      for (Index i = 0; i < logits.rows; ++i) sum = sum + exp(P::load(logits.row(i) + left + c, mask) - top);
      (top + P::per_lane(sum, [](T lane) { return std::log(lane); })).store(log_sums + left + c, mask);
    });
  }
};

}  // namespace clip::inline CLIP_ABI::cpu

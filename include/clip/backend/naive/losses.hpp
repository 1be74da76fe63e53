// clip/backend/naive/losses.hpp: cross-entropy with several positives over rows or columns of logits, in plain loops.
#pragma once

#include <clip/backend/concept.hpp>

#include <cmath>
#include <limits>
#include <utility>

namespace clip::inline CLIP_ABI {

template <class T>
struct NaiveLosses {
  /// loss += weight · mean_i (log Σ_j exp L_ij - mean of L_ij over the positives of i); j is a positive of i where
  /// their groups are equal. A row without a positive counts its log Σ exp alone.          saved(0, i) = log Σ exp
  void cross_entropy(In<T> logits, Ids row_groups, Ids col_groups, Axis axis, double weight, Acc<T> loss,
                     Saved<T> saved) {
    const Lines lines{logits, row_groups, col_groups, axis};
    T total = 0;
    for (Index i = 0; i < lines.count(); ++i) {
      T most = -std::numeric_limits<T>::infinity(), sum = 0, positives = 0, found = 0;
      for (Index j = 0; j < lines.length(); ++j) most = std::max(most, lines(i, j));
      for (Index j = 0; j < lines.length(); ++j) {
        sum += std::exp(lines(i, j) - most);
        if (lines.equal(i, j)) {
          positives += lines(i, j);
          found += 1;
        }
      }
      const T log_sum = most + std::log(sum);
      if (saved) saved(0, i) = log_sum;
      total += log_sum - (found > 0 ? positives / found : T(0));
    }
    loss.add(0, 0, static_cast<T>(weight) * total / static_cast<T>(lines.count()));
  }

  /// dL_ij += weight dloss / n (softmax_ij - [j positive of i] / number of positives of i)
  void cross_entropy_backward(In<T> logits, Ids row_groups, Ids col_groups, Axis axis, double weight, In<T> saved,
                              In<T> dloss, Acc<T> dlogits) {
    const Lines lines{logits, row_groups, col_groups, axis};
    const T factor = static_cast<T>(weight) * dloss(0, 0) / static_cast<T>(lines.count());
    for (Index i = 0; i < lines.count(); ++i) {
      T found = 0;
      for (Index j = 0; j < lines.length(); ++j) found += lines.equal(i, j) ? T(1) : T(0);
      for (Index j = 0; j < lines.length(); ++j) {
        const T value = factor * (std::exp(lines(i, j) - saved(0, i)) - (lines.equal(i, j) ? 1 / found : T(0)));
        axis == Axis::rows ? dlogits.add(i, j, value) : dlogits.add(j, i, value);
      }
    }
  }

 private:
  struct Lines {  // rows of the logits, or rows of their transpose
    In<T> logits;
    Ids row_groups, col_groups;
    Axis axis;
    Index count() const { return axis == Axis::rows ? logits.rows : logits.cols; }
    Index length() const { return axis == Axis::rows ? logits.cols : logits.rows; }
    T operator()(Index i, Index j) const { return axis == Axis::rows ? logits(i, j) : logits(j, i); }
    bool equal(Index i, Index j) const {
      if (axis == Axis::columns) std::swap(i, j);
      return row_groups[static_cast<std::size_t>(i)] == col_groups[static_cast<std::size_t>(j)];
    }
  };
};

}  // namespace clip::inline CLIP_ABI

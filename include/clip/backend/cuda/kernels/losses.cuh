// clip/backend/cuda/kernels/losses.cuh: cross-entropy with several positives over rows or columns, a warp per line.
#pragma once

#include <clip/backend/cuda/kernels/sums.cuh>

namespace clip_cuda::kernels {

/// The rows of logits, or the rows of their transpose, with the groups of both sides.
template <class T>
struct Lines {
  In<T> logits;
  const std::int32_t *own, *others;  // group of a line, and of its elements
  Axis axis;

  __device__ Index length() const { return axis == Axis::rows ? logits.cols : logits.rows; }
  __device__ T operator()(Index i, Index j) const { return axis == Axis::rows ? logits(i, j) : logits(j, i); }
  __device__ bool equal(Index i, Index j) const { return own[i] == others[j]; }
  /// The number of positives of line i.
  __device__ T found(Index i, int lane) const {
    T count = 0;
    for (Index j = lane; j < length(); j += lanes) count += equal(i, j) ? T(1) : T(0);
    return warp_sum(count);
  }
};

template <class T>
Lines<T> lines_of(Work& work, In<T> logits, Ids rows, Ids cols, Axis axis) {
  const std::int32_t *const of_rows = work.copy(rows), *const of_cols = work.copy(cols);
  return axis == Axis::rows ? Lines<T>{logits, of_rows, of_cols, axis} : Lines<T>{logits, of_cols, of_rows, axis};
}

/// loss += weight · mean_i (log Σ_j exp L_ij - mean of L_ij over the positives of i); a line without a positive counts
/// its log Σ exp alone.          saved(0, i) = log Σ exp
template <class T>
void cross_entropy(Work& work, In<T> logits, Ids rows, Ids cols, Axis axis, double weight, Acc<T> loss, Out<T> saved) {
  const Index count = axis == Axis::rows ? logits.rows : logits.cols;
  const Lines<T> line = lines_of(work, logits, rows, cols, axis);
  const View<T> of_line = work.room<T>(1, count);
  work.each_row(count, [=] __device__(Index i, int lane) {
    T most = -INFINITY, sum = 0, positives = 0;
    for (Index j = lane; j < line.length(); j += lanes) most = line(i, j) > most ? line(i, j) : most;
    most = warp_max(most);
    for (Index j = lane; j < line.length(); j += lanes) {
      sum += exp(line(i, j) - most);
      if (line.equal(i, j)) positives += line(i, j);
    }
    const T log_sum = most + log(warp_sum(sum)), found = line.found(i, lane), total = warp_sum(positives);
    if (lane != 0) return;
    if (saved) saved(0, i) = log_sum;
    of_line(0, i) = log_sum - (found > 0 ? total / found : T(0));
  });
  const T share = static_cast<T>(weight);
  sum_all<T>(
      work, 1, count, [=] __device__(Index, Index i) { return of_line(0, i); },
      [=] __device__(T total) { loss.add(0, 0, share * total / static_cast<T>(count)); });
}

/// dL_ij += weight dloss / n (softmax_ij - [j positive of i] / number of positives of i)
template <class T>
void cross_entropy_backward(Work& work, In<T> logits, Ids rows, Ids cols, Axis axis, double weight, In<T> saved,
                            In<T> dloss, Acc<T> dlogits) {
  const Index count = axis == Axis::rows ? logits.rows : logits.cols;
  const Lines<T> line = lines_of(work, logits, rows, cols, axis);
  const T share = static_cast<T>(weight);
  work.each_row(count, [=] __device__(Index i, int lane) {
    const T factor = share * dloss(0, 0) / static_cast<T>(count), found = line.found(i, lane);
    for (Index j = lane; j < line.length(); j += lanes) {
      const T value = factor * (exp(line(i, j) - saved(0, i)) - (line.equal(i, j) ? 1 / found : T(0)));
      if (axis == Axis::rows) dlogits.add(i, j, value);
      else dlogits.add(j, i, value);
    }
  });
}

}  // namespace clip_cuda::kernels

// clip/backend/cuda/kernels/batch_norm.cuh: norms of columns with the batch's statistics or given ones.
#pragma once

#include <clip/backend/cuda/kernels/sums.cuh>

namespace clip_cuda::kernels {

/// y = (x - μ) r γ + β,  r = 1/√(σ² + ε)
template <class T>
void batch_norm_with(Work& work, In<T> x, In<T> mean, In<T> variance, In<T> gain, In<T> bias, double epsilon,
                     Out<T> y) {
  const T e = static_cast<T>(epsilon);
  work.each(y.rows, y.cols, [=] __device__(Index i, Index j) {
    y(i, j) = (x(i, j) - mean(0, j)) * (1 / sqrt(variance(0, j) + e)) * gain(0, j) + bias(0, j);
  });
}

/// μ and σ² of the columns (biased, two passes).          saved : (2, n) = (μ, σ²)
template <class T>
void batch_norm(Work& work, In<T> x, In<T> gain, In<T> bias, double epsilon, Out<T> y, Out<T> saved) {
  const Out<T> statistics = work.room<T>(2, x.cols);
  const T m = static_cast<T>(x.rows);
  sum_rows<T>(
      work, 1, x.rows, x.cols, [=] __device__(Index i, Index j) { return x(i, j); },
      [=] __device__(Index, Index j, T sum) { statistics(0, j) = sum / m; });
  sum_rows<T>(
      work, 1, x.rows, x.cols,
      [=] __device__(Index i, Index j) { return (x(i, j) - statistics(0, j)) * (x(i, j) - statistics(0, j)); },
      [=] __device__(Index, Index j, T sum) {
        statistics(1, j) = sum / m;
        if (!saved) return;
        saved(0, j) = statistics(0, j);
        saved(1, j) = statistics(1, j);
      });
  const In<T> all = statistics;
  batch_norm_with<T>(work, x, {all.data, 1, x.cols, x.cols}, {all.data + x.cols, 1, x.cols, x.cols}, gain, bias,
                     epsilon, y);
}

/// With x̂ = (x - μ) r:   dγ += Σ dy x̂,   dβ += Σ dy,
///   dx += γ r (dy - mean(dy) - x̂ mean(dy x̂)) where μ and σ² are those of x (`of_batch`), otherwise dx += γ r dy
template <class T>
void batch_norm_backward(Work& work, In<T> x, In<T> mean, In<T> variance, In<T> gain, double epsilon, In<T> dy,
                         bool of_batch, Acc<T> dx, Acc<T> dgain, Acc<T> dbias) {
  const T e = static_cast<T>(epsilon), m = static_cast<T>(x.rows);
  const Out<T> means = work.room<T>(2, x.cols);  // of dy x̂ and of dy
  sum_rows<Pair<T>>(
      work, 1, x.rows, x.cols,
      [=] __device__(Index i, Index j) {
        return Pair<T>{dy(i, j) * (x(i, j) - mean(0, j)) * (1 / sqrt(variance(0, j) + e)), dy(i, j)};
      },
      [=] __device__(Index, Index j, Pair<T> sums) {
        if (dgain) dgain.add(0, j, sums.first);
        if (dbias) dbias.add(0, j, sums.second);
        means(0, j) = of_batch ? sums.first / m : T(0);
        means(1, j) = of_batch ? sums.second / m : T(0);
      });
  if (dx)
    work.each(dx.rows, dx.cols, [=] __device__(Index i, Index j) {
      const T r = 1 / sqrt(variance(0, j) + e);
      dx.add(i, j, gain(0, j) * r * (dy(i, j) - means(1, j) - (x(i, j) - mean(0, j)) * r * means(0, j)));
    });
}

/// y = (scale, shift),  scale = γ/√(σ² + ε),  shift = β - μ scale
template <class T>
void fold_batch_norm(Work& work, In<T> mean, In<T> variance, In<T> gain, In<T> bias, double epsilon, Out<T> y) {
  const T e = static_cast<T>(epsilon);
  work.each(1, y.cols, [=] __device__(Index, Index j) {
    y(0, j) = gain(0, j) / sqrt(variance(0, j) + e);
    y(1, j) = bias(0, j) - mean(0, j) * y(0, j);
  });
}

}  // namespace clip_cuda::kernels

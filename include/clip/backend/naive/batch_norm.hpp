// clip/backend/naive/batch_norm.hpp: batch norm of columns with the batch's statistics or given ones, in plain loops.
#pragma once

#include <clip/core/view.hpp>

#include <cmath>

namespace clip::inline CLIP_ABI {

template <class T>
struct NaiveBatchNorm {
  /// y = (x - μ) r γ + β,  r = 1/√(σ² + ε),  μ and σ² of the column (biased, two passes).
  ///   saved : (2, n) = (μ, σ²)
  void batch_norm(In<T> x, In<T> gain, In<T> bias, double epsilon, Out<T> y, Saved<T> saved) {
    const T m = static_cast<T>(x.rows);
    for (Index j = 0; j < x.cols; ++j) {
      T mean = 0, variance = 0;
      for (Index i = 0; i < x.rows; ++i) mean += x(i, j);
      mean /= m;
      for (Index i = 0; i < x.rows; ++i) variance += (x(i, j) - mean) * (x(i, j) - mean);
      variance /= m;
      if (saved) {
        saved(0, j) = mean;
        saved(1, j) = variance;
      }
      const T r = 1 / std::sqrt(variance + static_cast<T>(epsilon));
      for (Index i = 0; i < x.rows; ++i) y(i, j) = (x(i, j) - mean) * r * gain(0, j) + bias(0, j);
    }
  }

  /// The same with given statistics.
  void batch_norm_with(In<T> x, In<T> mean, In<T> variance, In<T> gain, In<T> bias, double epsilon, Out<T> y) {
    for (Index j = 0; j < x.cols; ++j) {
      const T r = 1 / std::sqrt(variance(0, j) + static_cast<T>(epsilon));
      for (Index i = 0; i < x.rows; ++i) y(i, j) = (x(i, j) - mean(0, j)) * r * gain(0, j) + bias(0, j);
    }
  }

  /// With x̂ = (x - μ) r:   dγ += Σ dy x̂,   dβ += Σ dy,
  ///   dx += γ r (dy - mean(dy) - x̂ mean(dy x̂)) where μ and σ² are those of x (`of_batch`), otherwise dx += γ r dy
  void batch_norm_backward(In<T> x, In<T> mean, In<T> variance, In<T> gain, double epsilon, In<T> dy, bool of_batch,
                           Acc<T> dx, Acc<T> dgain, Acc<T> dbias) {
    const T m = static_cast<T>(x.rows);
    for (Index j = 0; j < x.cols; ++j) {
      const T r = 1 / std::sqrt(variance(0, j) + static_cast<T>(epsilon));
      T gain_sum = 0, bias_sum = 0;
      for (Index i = 0; i < x.rows; ++i) {
        gain_sum += dy(i, j) * (x(i, j) - mean(0, j)) * r;
        bias_sum += dy(i, j);
      }
      if (dgain) dgain.add(0, j, gain_sum);
      if (dbias) dbias.add(0, j, bias_sum);
      if (!of_batch) gain_sum = bias_sum = 0;
      for (Index i = 0; dx && i < x.rows; ++i)
        dx.add(i, j, gain(0, j) * r * (dy(i, j) - bias_sum / m - (x(i, j) - mean(0, j)) * r * gain_sum / m));
    }
  }

  /// Given statistics as scale and shift for the epilogue of a product:
  ///   y = (scale, shift),  scale = γ/√(σ² + ε),  shift = β - μ scale
  void fold_batch_norm(In<T> mean, In<T> variance, In<T> gain, In<T> bias, double epsilon, Out<T> y) {
    for (Index j = 0; j < y.cols; ++j) {
      y(0, j) = gain(0, j) / std::sqrt(variance(0, j) + static_cast<T>(epsilon));
      y(1, j) = bias(0, j) - mean(0, j) * y(0, j);
    }
  }
};

}  // namespace clip::inline CLIP_ABI

// clip/backend/naive/norms.hpp: layer norm and rows of unit length, in plain loops.
#pragma once

#include <clip/core/unit_row.hpp>
#include <clip/core/view.hpp>

#include <cmath>

namespace clip::inline CLIP_ABI {

template <class T>
struct NaiveNorms {
  /// y = (x - μ) r γ + β,  r = 1/√(σ² + ε),  μ and σ² of the row (biased, two passes).          saved = (μ, r)
  void layer_norm(In<T> x, In<T> gain, In<T> bias, double epsilon, Out<T> y, Saved<T> saved) {
    const T n = static_cast<T>(x.cols);
    for (Index i = 0; i < x.rows; ++i) {
      T mean = 0, variance = 0;
      for (Index j = 0; j < x.cols; ++j) mean += x(i, j);
      mean /= n;
      for (Index j = 0; j < x.cols; ++j) variance += (x(i, j) - mean) * (x(i, j) - mean);
      const T r = 1 / std::sqrt(variance / n + static_cast<T>(epsilon));
      for (Index j = 0; j < x.cols; ++j) y(i, j) = (x(i, j) - mean) * r * gain(0, j) + bias(0, j);
      if (saved) {
        saved(i, 0) = mean;
        saved(i, 1) = r;
      }
    }
  }

  /// With x̂ = (x - μ) r and g = γ dy:   dx += r (g - mean(g) - x̂ mean(g x̂)),   dγ += Σ dy x̂,   dβ += Σ dy
  void layer_norm_backward(In<T> x, In<T> gain, In<T> saved, In<T> dy, Acc<T> dx, Acc<T> dgain, Acc<T> dbias) {
    const T n = static_cast<T>(x.cols);
    for (Index i = 0; dx && i < x.rows; ++i) {
      const T mean = saved(i, 0), r = saved(i, 1);
      T g_mean = 0, gx_mean = 0;
      for (Index j = 0; j < x.cols; ++j) {
        const T g = gain(0, j) * dy(i, j);
        g_mean += g;
        gx_mean += g * (x(i, j) - mean) * r;
      }
      g_mean /= n, gx_mean /= n;
      for (Index j = 0; j < x.cols; ++j)
        dx.add(i, j, r * (gain(0, j) * dy(i, j) - g_mean - (x(i, j) - mean) * r * gx_mean));
    }
    for (Index j = 0; j < x.cols; ++j) {
      T gain_sum = 0, bias_sum = 0;
      for (Index i = 0; i < x.rows; ++i) {
        gain_sum += dy(i, j) * (x(i, j) - saved(i, 0)) * saved(i, 1);
        bias_sum += dy(i, j);
      }
      if (dgain) dgain.add(0, j, gain_sum);
      if (dbias) dbias.add(0, j, bias_sum);
    }
  }

  /// y = x / |x|.          saved = |x|
  void normalize(In<T> x, Out<T> y, Saved<T> saved) {
    for (Index i = 0; i < x.rows; ++i) {
      T squares = 0;
      for (Index j = 0; j < x.cols; ++j) squares += x(i, j) * x(i, j);
      T length = std::sqrt(squares);
      if (detail::out_of_range(squares)) length = detail::scaled_unit_row(x.row(i), y.row(i), x.cols);
      else
        for (Index j = 0; j < x.cols; ++j) y(i, j) = x(i, j) / length;
      if (saved) saved(i, 0) = length;
    }
  }

  /// With u = x / |x|:   dx += (dy - u (u·dy)) / |x|
  void normalize_backward(In<T> x, In<T> saved, In<T> dy, Acc<T> dx) {
    for (Index i = 0; i < x.rows; ++i) {
      const T length = saved(i, 0);
      T along = 0;
      for (Index j = 0; j < x.cols; ++j) along += x(i, j) / length * dy(i, j);
      for (Index j = 0; j < x.cols; ++j) dx.add(i, j, (dy(i, j) - x(i, j) / length * along) / length);
    }
  }
};

}  // namespace clip::inline CLIP_ABI

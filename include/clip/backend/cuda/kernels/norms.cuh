// clip/backend/cuda/kernels/norms.cuh: layer norm and rows of unit length, a warp per row.
#pragma once

#include <clip/backend/cuda/kernels/sums.cuh>

#include <limits>

namespace clip_cuda::kernels {

/// y = (x - μ) r γ + β,  r = 1/√(σ² + ε), in two passes.          saved = (μ, r)
template <class T>
void layer_norm(Work& work, In<T> x, In<T> gain, In<T> bias, double epsilon, Out<T> y, Out<T> saved) {
  work.each_row(x.rows, [=] __device__(Index i, int lane) {
    const T n = static_cast<T>(x.cols);
    T sum = 0, squares = 0;
    for (Index j = lane; j < x.cols; j += lanes) sum += x(i, j);
    const T mean = warp_sum(sum) / n;
    for (Index j = lane; j < x.cols; j += lanes) squares += (x(i, j) - mean) * (x(i, j) - mean);
    const T r = 1 / sqrt(warp_sum(squares) / n + static_cast<T>(epsilon));
    for (Index j = lane; j < x.cols; j += lanes) y(i, j) = (x(i, j) - mean) * r * gain(0, j) + bias(0, j);
    if (saved && lane == 0) {
      saved(i, 0) = mean;
      saved(i, 1) = r;
    }
  });
}

/// With x̂ = (x - μ) r and g = γ dy:   dx += r (g - mean(g) - x̂ mean(g x̂)),   dγ += Σ dy x̂,   dβ += Σ dy
template <class T>
void layer_norm_backward(Work& work, In<T> x, In<T> gain, In<T> saved, In<T> dy, Acc<T> dx, Acc<T> dgain,
                         Acc<T> dbias) {
  if (dx)
    work.each_row(x.rows, [=] __device__(Index i, int lane) {
      const T n = static_cast<T>(x.cols), mean = saved(i, 0), r = saved(i, 1);
      T g_sum = 0, gx_sum = 0;
      for (Index j = lane; j < x.cols; j += lanes) {
        const T g = gain(0, j) * dy(i, j);
        g_sum += g;
        gx_sum += g * (x(i, j) - mean) * r;
      }
      const T g_mean = warp_sum(g_sum) / n, gx_mean = warp_sum(gx_sum) / n;
      for (Index j = lane; j < x.cols; j += lanes)
        dx.add(i, j, r * (gain(0, j) * dy(i, j) - g_mean - (x(i, j) - mean) * r * gx_mean));
    });
  if (dgain || dbias)
    sum_rows<Pair<T>>(
        work, 1, x.rows, x.cols,
        [=] __device__(Index i, Index j) {
          return Pair<T>{dy(i, j) * (x(i, j) - saved(i, 0)) * saved(i, 1), dy(i, j)};
        },
        [=] __device__(Index, Index j, Pair<T> sums) {
          if (dgain) dgain.add(0, j, sums.first);
          if (dbias) dbias.add(0, j, sums.second);
        });
}

/// y = x / |x|; by way of x / max |x| where the sum of squares leaves the range of T.          saved = |x|
template <class T>
void normalize(Work& work, In<T> x, Out<T> y, Out<T> saved) {
  constexpr T most_sum = std::numeric_limits<T>::max(),
              least_sum = std::numeric_limits<T>::min() / std::numeric_limits<T>::epsilon();
  work.each_row(x.rows, [=] __device__(Index i, int lane) {
    T sum = 0;
    for (Index j = lane; j < x.cols; j += lanes) sum += x(i, j) * x(i, j);
    const T squares = warp_sum(sum);
    T unit = 1, length = sqrt(squares);
    if (squares > most_sum || squares < least_sum) {
      T most = 0;
      for (Index j = lane; j < x.cols; j += lanes) most = fabs(x(i, j)) > most ? fabs(x(i, j)) : most;
      unit = warp_max(most);
      sum = 0;
      for (Index j = lane; j < x.cols; j += lanes) sum += (x(i, j) / unit) * (x(i, j) / unit);
      length = sqrt(warp_sum(sum));
    }
    for (Index j = lane; j < x.cols; j += lanes) y(i, j) = x(i, j) / unit / length;
    if (saved && lane == 0) saved(i, 0) = unit * length;
  });
}

/// With u = x / |x|:   dx += (dy - u (u·dy)) / |x|
template <class T>
void normalize_backward(Work& work, In<T> x, In<T> saved, In<T> dy, Acc<T> dx) {
  work.each_row(x.rows, [=] __device__(Index i, int lane) {
    const T length = saved(i, 0);
    T sum = 0;
    for (Index j = lane; j < x.cols; j += lanes) sum += x(i, j) / length * dy(i, j);
    const T along = warp_sum(sum);
    for (Index j = lane; j < x.cols; j += lanes) dx.add(i, j, (dy(i, j) - x(i, j) / length * along) / length);
  });
}

}  // namespace clip_cuda::kernels

// clip/backend/cuda/kernels/training.cuh: checks and averages of weights.
#pragma once

#include <clip/backend/cuda/kernels/sums.cuh>

namespace clip_cuda::kernels {

template <class T>
bool all_finite(Work& work, In<T> x) {
  int* const others = work.room<int>(1);
  sum_all<int>(
      work, x.rows, x.cols, [=] __device__(Index i, Index j) { return x(i, j) - x(i, j) == T(0) ? 0 : 1; },
      [=] __device__(int total) { *others = total; });
  int host = 0;
  work.read(others, &host, 1);
  return host == 0;
}

/// y = keep y + share x
template <class T>
void blend(Work& work, double keep, double share, In<T> x, Out<T> y) {
  const T of_y = static_cast<T>(keep), of_x = static_cast<T>(share);
  work.each(y.rows, y.cols, [=] __device__(Index i, Index j) { y(i, j) = of_y * y(i, j) + of_x * x(i, j); });
}

}  // namespace clip_cuda::kernels

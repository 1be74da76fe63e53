// clip/backend/cuda/kernels/pointwise.cuh: elementary primitives, a thread per element.
#pragma once

#include <clip/backend/cuda/kernels/functions.cuh>
#include <clip/backend/cuda/kernels/sums.cuh>
#include <clip/backend/cuda/kernels/work.cuh>

namespace clip_cuda::kernels {

template <class T>
void fill(Work& work, Out<T> y, double value) {
  const T v = static_cast<T>(value);
  work.each(y.rows, y.cols, [=] __device__(Index i, Index j) { y(i, j) = v; });
}

template <class T>
void add(Work& work, In<T> x, Acc<T> d) {
  work.each(d.rows, d.cols, [=] __device__(Index i, Index j) { d.add(i, j, x(i, j)); });
}

template <class T>
void map(Work& work, Function f, In<T> x, Out<T> y) {
  work.each(y.rows, y.cols, [=] __device__(Index i, Index j) { y(i, j) = value_of(f, x(i, j)); });
}

/// d += dy f'(x)
template <class T>
void map_slope(Work& work, Function f, In<T> x, In<T> dy, Acc<T> d) {
  work.each(d.rows, d.cols, [=] __device__(Index i, Index j) { d.add(i, j, dy(i, j) * slope_of(f, x(i, j))); });
}

/// d += exp(s) x
template <class T>
void exp_scale(Work& work, In<T> s, In<T> x, Acc<T> d) {
  work.each(d.rows, d.cols, [=] __device__(Index i, Index j) { d.add(i, j, exp(s(0, 0)) * x(i, j)); });
}

/// sum += Σ a b
template <class T>
void dot(Work& work, In<T> a, In<T> b, Acc<T> sum) {
  sum_all<T>(
      work, a.rows, a.cols, [=] __device__(Index i, Index j) { return a(i, j) * b(i, j); },
      [=] __device__(T total) { sum.add(0, 0, total); });
}

/// Values of another type, row by row without gaps.
template <class T, class S>
void convert(Work& work, In<S> x, Out<T> y) {
  work.each(y.rows, y.cols, [=] __device__(Index i, Index j) { y(i, j) = static_cast<T>(x(i, j)); });
}

}  // namespace clip_cuda::kernels

// clip/backend/cuda/kernels/training.cuh: optimiser steps, and the sums and checks of a training step.
#pragma once

#include <clip/backend/cuda/kernels/sums.cuh>

#include <cmath>

namespace clip_cuda::kernels {

template <class T>
double sum_of_squares(Work& work, In<T> x) {
  double* const sum = work.room<double>(1);
  sum_all<double>(
      work, x.rows, x.cols,
      [=] __device__(Index i, Index j) { return static_cast<double>(x(i, j)) * static_cast<double>(x(i, j)); },
      [=] __device__(double total) { *sum = total; });
  double host = 0;
  work.read(sum, &host, 1);
  return host;
}

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

/// x = min(max(x, low), high); NaN stays
template <class T>
void clamp(Work& work, Out<T> x, double low, double high) {
  const T least = static_cast<T>(low), most = static_cast<T>(high);
  work.each(x.rows, x.cols, [=] __device__(Index i, Index j) {
    const T value = x(i, j);
    x(i, j) = value < least ? least : most < value ? most : value;
  });
}

/// y = keep y + share x
template <class T>
void blend(Work& work, double keep, double share, In<T> x, Out<T> y) {
  const T of_y = static_cast<T>(keep), of_x = static_cast<T>(share);
  work.each(y.rows, y.cols, [=] __device__(Index i, Index j) { y(i, j) = of_y * y(i, j) + of_x * x(i, j); });
}

/// The constants are formed in double and rounded once.
template <class T>
void adamw(Work& work, Out<T> p, In<T> g, Out<T> m, Out<T> v, const AdamwStep& s) {
  const T keep = static_cast<T>(1 - s.learning_rate * s.weight_decay);
  const T step = static_cast<T>(s.learning_rate / s.correction1), root = static_cast<T>(std::sqrt(s.correction2));
  const T b1 = static_cast<T>(s.beta1), c1 = static_cast<T>(1 - s.beta1), b2 = static_cast<T>(s.beta2),
          c2 = static_cast<T>(1 - s.beta2), epsilon = static_cast<T>(s.epsilon);
  work.each(p.rows, p.cols, [=] __device__(Index i, Index j) {
    m(i, j) = b1 * m(i, j) + c1 * g(i, j);
    v(i, j) = b2 * v(i, j) + c2 * g(i, j) * g(i, j);
    p(i, j) = keep * p(i, j) - step * m(i, j) / (sqrt(v(i, j)) / root + epsilon);
  });
}

template <class T>
void sgd(Work& work, Out<T> p, In<T> g, Out<T> velocity, const SgdStep& s) {
  const T decay = static_cast<T>(s.weight_decay), momentum = s.first ? T(0) : static_cast<T>(s.momentum),
          rate = static_cast<T>(s.learning_rate);
  work.each(p.rows, p.cols, [=] __device__(Index i, Index j) {
    velocity(i, j) = momentum * velocity(i, j) + g(i, j) + decay * p(i, j);
    p(i, j) -= rate * velocity(i, j);
  });
}

}  // namespace clip_cuda::kernels

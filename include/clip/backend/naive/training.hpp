// clip/backend/naive/training.hpp: optimiser steps, and the sums and checks of a training step, in plain loops.
#pragma once

#include <clip/backend/concept.hpp>

#include <algorithm>
#include <cmath>

namespace clip::inline CLIP_ABI {

template <class T>
struct NaiveTraining {
  double sum_of_squares(In<T> x) {
    double total = 0;
    for (Index i = 0; i < x.rows; ++i)
      for (Index j = 0; j < x.cols; ++j) total += static_cast<double>(x(i, j)) * static_cast<double>(x(i, j));
    return total;
  }

  bool all_finite(In<T> x) {
    for (Index i = 0; i < x.rows; ++i)
      for (Index j = 0; j < x.cols; ++j)
        if (!std::isfinite(x(i, j))) return false;
    return true;
  }

  void clamp(Out<T> x, double low, double high) {
    for (Index i = 0; i < x.rows; ++i)
      for (Index j = 0; j < x.cols; ++j) x(i, j) = std::clamp(x(i, j), static_cast<T>(low), static_cast<T>(high));
  }

  /// y = keep y + share x
  void blend(double keep, double share, In<T> x, Out<T> y) {
    for (Index i = 0; i < y.rows; ++i)
      for (Index j = 0; j < y.cols; ++j) y(i, j) = static_cast<T>(keep) * y(i, j) + static_cast<T>(share) * x(i, j);
  }

  /// The constants are formed in double, as PyTorch does, and rounded once.
  void adamw(Out<T> p, In<T> g, Out<T> m, Out<T> v, const AdamwStep& s) {
    const T keep = static_cast<T>(1 - s.learning_rate * s.weight_decay);
    const T step = static_cast<T>(s.learning_rate / s.correction1), root = static_cast<T>(std::sqrt(s.correction2));
    const T b1 = static_cast<T>(s.beta1), c1 = static_cast<T>(1 - s.beta1), b2 = static_cast<T>(s.beta2),
            c2 = static_cast<T>(1 - s.beta2);
    const T epsilon = static_cast<T>(s.epsilon);
    for (Index i = 0; i < p.rows; ++i)
      for (Index j = 0; j < p.cols; ++j) {
        m(i, j) = b1 * m(i, j) + c1 * g(i, j);
        v(i, j) = b2 * v(i, j) + c2 * g(i, j) * g(i, j);
        p(i, j) = keep * p(i, j) - step * m(i, j) / (std::sqrt(v(i, j)) / root + epsilon);
      }
  }

  void sgd(Out<T> p, In<T> g, Out<T> velocity, const SgdStep& s) {
    const T decay = static_cast<T>(s.weight_decay), momentum = s.first ? T(0) : static_cast<T>(s.momentum),
            rate = static_cast<T>(s.learning_rate);
    for (Index i = 0; i < p.rows; ++i)
      for (Index j = 0; j < p.cols; ++j) {
        velocity(i, j) = momentum * velocity(i, j) + g(i, j) + decay * p(i, j);
        p(i, j) -= rate * velocity(i, j);
      }
  }
};

}  // namespace clip::inline CLIP_ABI

// clip/backend/naive/training.hpp: optimiser steps, and the sums and checks of a training step, in plain loops.
#pragma once

#include <clip/backend/concept.hpp>

#include <algorithm>
#include <cmath>

namespace clip::inline CLIP_ABI {

template <class T>
struct NaiveTraining {
  bool all_finite(In<T> x) {
    for (Index i = 0; i < x.rows; ++i)
      for (Index j = 0; j < x.cols; ++j)
        if (!std::isfinite(x(i, j))) return false;
    return true;
  }

  /// y = keep y + share x
  void blend(double keep, double share, In<T> x, Out<T> y) {
    for (Index i = 0; i < y.rows; ++i)
      for (Index j = 0; j < y.cols; ++j) y(i, j) = static_cast<T>(keep) * y(i, j) + static_cast<T>(share) * x(i, j);
  }

  void measure(const UpdateTable<T>& table, In<T> loss, double most, StepNumbers* numbers) {
    double squares = 0;
    for (const WeightUpdate<T>& w : table.weights) squares += sum_of_squares(w.gradient);
    *numbers = StepNumbers::of(loss ? static_cast<double>(loss(0, 0)) : 0, squares, most);
  }

  /// The constants are formed in double, as PyTorch does, and rounded once.
  void adamw(const UpdateTable<T>& table, const AdamwStep& s, const StepNumbers* numbers) {
    if (numbers && !numbers->finite()) return;
    const T root = static_cast<T>(std::sqrt(s.correction2)), epsilon = static_cast<T>(s.epsilon);
    const T b1 = static_cast<T>(s.beta1), c1 = static_cast<T>(1 - s.beta1), b2 = static_cast<T>(s.beta2),
            c2 = static_cast<T>(1 - s.beta2);
    for (const WeightUpdate<T>& w : table.weights) {
      clip(w, numbers);
      const double rate = s.learning_rate * w.rate;
      const T keep = static_cast<T>(1 - rate * w.weight_decay), step = static_cast<T>(rate / s.correction1);
      const View<T> p = w.value, g = w.gradient, m = w.first, v = w.second;
      for (Index i = 0; i < p.rows; ++i)
        for (Index j = 0; j < p.cols; ++j) {
          m(i, j) = b1 * m(i, j) + c1 * g(i, j);
          v(i, j) = b2 * v(i, j) + c2 * g(i, j) * g(i, j);
          p(i, j) = keep * p(i, j) - step * m(i, j) / (std::sqrt(v(i, j)) / root + epsilon);
        }
      clamp(w);
    }
  }

  void sgd(const UpdateTable<T>& table, const SgdStep& s, const StepNumbers* numbers) {
    if (numbers && !numbers->finite()) return;
    const T momentum = s.first ? T(0) : static_cast<T>(s.momentum);
    for (const WeightUpdate<T>& w : table.weights) {
      clip(w, numbers);
      const T decay = static_cast<T>(w.weight_decay), rate = static_cast<T>(s.learning_rate * w.rate);
      const View<T> p = w.value, g = w.gradient, velocity = w.first;
      for (Index i = 0; i < p.rows; ++i)
        for (Index j = 0; j < p.cols; ++j) {
          velocity(i, j) = momentum * velocity(i, j) + g(i, j) + decay * p(i, j);
          p(i, j) -= rate * velocity(i, j);
        }
      clamp(w);
    }
  }

 private:
  static double sum_of_squares(In<T> x) {
    double total = 0;
    for (Index i = 0; i < x.rows; ++i)
      for (Index j = 0; j < x.cols; ++j) total += static_cast<double>(x(i, j)) * static_cast<double>(x(i, j));
    return total;
  }

  /// g = factor g
  void clip(const WeightUpdate<T>& w, const StepNumbers* numbers) {
    if (numbers && numbers->factor < 1) blend(numbers->factor, 0, w.gradient, w.gradient);
  }

  static void clamp(const WeightUpdate<T>& w) {
    if (!w.bounded()) return;
    const T low = static_cast<T>(w.low), high = static_cast<T>(w.high);
    for (Index i = 0; i < w.value.rows; ++i)
      for (Index j = 0; j < w.value.cols; ++j) w.value(i, j) = std::clamp(w.value(i, j), low, high);
  }
};

}  // namespace clip::inline CLIP_ABI

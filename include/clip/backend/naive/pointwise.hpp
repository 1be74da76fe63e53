// clip/backend/naive/pointwise.hpp: elementary primitives in plain loops.
#pragma once

#include <clip/core/view.hpp>

#include <cmath>

namespace clip::inline CLIP_ABI {

template <class T>
struct NaivePointwise {
  void fill(Out<T> y, T value) {
    for (Index i = 0; i < y.rows; ++i)
      for (Index j = 0; j < y.cols; ++j) y(i, j) = value;
  }

  void add(In<T> x, Acc<T> y) {
    for (Index i = 0; i < y.rows; ++i)
      for (Index j = 0; j < y.cols; ++j) y.add(i, j, x(i, j));
  }

  template <class F>
  void map(F f, In<T> x, Out<T> y) {
    for (Index i = 0; i < y.rows; ++i)
      for (Index j = 0; j < y.cols; ++j) y(i, j) = f(x(i, j));
  }

  template <class F>
  void map_slope(F f, In<T> x, In<T> dy, Acc<T> dx) {
    for (Index i = 0; i < dx.rows; ++i)
      for (Index j = 0; j < dx.cols; ++j) dx.add(i, j, dy(i, j) * f.slope(x(i, j)));
  }

  void exp_scale(In<T> s, In<T> x, Acc<T> y) {
    const T factor = std::exp(s(0, 0));
    for (Index i = 0; i < y.rows; ++i)
      for (Index j = 0; j < y.cols; ++j) y.add(i, j, factor * x(i, j));
  }

  void dot(In<T> a, In<T> b, Acc<T> sum) {
    T total = 0;
    for (Index i = 0; i < a.rows; ++i) {
      T row = 0;
      for (Index j = 0; j < a.cols; ++j) row += a(i, j) * b(i, j);
      total += row;
    }
    sum.add(0, 0, total);
  }
};

}  // namespace clip::inline CLIP_ABI

// clip/backend/naive/products.hpp: matrix products in plain loops.
#pragma once

#include <clip/backend/concept.hpp>

namespace clip::inline CLIP_ABI {

namespace detail {
/// One element of the result from its sum.
template <class T, class F>
void finish(const Epilogue<T, F>& epilogue, Index i, Index j, T sum, const Out<T>& y) {
  if (epilogue.scale) sum *= epilogue.scale(0, j);
  if (epilogue.bias) sum += epilogue.bias(0, j);
  if (epilogue.shortcut) sum += epilogue.shortcut(i, j);
  if (epilogue.before) epilogue.before(i, j) = sum;
  const T value = epilogue.activation(sum);
  y(i, j) = epilogue.residual ? epilogue.residual(i, j) + value : value;
}
}  // namespace detail

template <class T>
struct NaiveProducts {
  /// y = residual + f(scale ⊙ (x wᵀ) + bias + shortcut)
  template <class F>
  void linear(In<T> x, Weights<T> w, const Epilogue<T, F>& epilogue, Out<T> y) {
    multiply(x, y, epilogue, [&](Index k, Index j) { return w(j, k); });
  }

  /// y = residual + f(scale ⊙ (x p) + bias + shortcut)
  template <class F>
  void project(In<T> x, Weights<T> p, const Epilogue<T, F>& epilogue, Out<T> y) {
    multiply(x, y, epilogue, [&](Index k, Index j) { return p(k, j); });
  }

  /// c += aᵀ b
  void outer(In<T> a, In<T> b, Acc<T> c) {
    for (Index i = 0; i < c.rows; ++i)
      for (Index j = 0; j < c.cols; ++j) {
        T sum = 0;
        for (Index r = 0; r < a.rows; ++r) sum += a(r, i) * b(r, j);
        c.add(i, j, sum);
      }
  }

  void column_sum(In<T> x, Acc<T> sum) {
    for (Index j = 0; j < x.cols; ++j) {
      T total = 0;
      for (Index i = 0; i < x.rows; ++i) total += x(i, j);
      sum.add(0, j, total);
    }
  }

 private:
  template <class F>
  static void multiply(In<T> x, Out<T> y, const Epilogue<T, F>& epilogue, auto weight) {
    for (Index i = 0; i < y.rows; ++i)
      for (Index j = 0; j < y.cols; ++j) {
        T sum = 0;
        for (Index k = 0; k < x.cols; ++k) sum += x(i, k) * weight(k, j);
        detail::finish(epilogue, i, j, sum, y);
      }
  }
};

}  // namespace clip::inline CLIP_ABI

// clip/backend/naive/depthwise.hpp: depthwise convolution and gates of channels, in plain loops.
#pragma once

#include <clip/backend/naive/products.hpp>
#include <clip/backend/naive/windows.hpp>

namespace clip::inline CLIP_ABI {

template <class T>
struct NaiveDepthwise {
  /// y = residual + f(scale ⊙ z + bias + shortcut),
  /// z(p, n) = Σ over ky, kx of x(pixel (ky, kx) under window p, n / m) w(n, ky, kx),  m = outputs per channel of x
  template <class F>
  void depthwise(In<T> x, In<T> w, Grid grid, CentredWindow window, const Epilogue<T, F>& epilogue, Out<T> y) {
    const Index m = y.cols / x.cols;
    for (Index n = 0; n < y.cols; ++n)
      detail::each_window(grid, window, [&](Index output, auto each_tap) {
        T sum = 0;
        each_tap([&](Index pixel, Index tap) { sum += x(pixel, n / m) * w(n, tap); });
        detail::finish(epilogue, output, n, sum, y);
      });
  }

  /// dx(pixel, c) += Σ over the outputs, taps and channels n that read it of dy(output, n) w(n, tap)
  void depthwise_backward(In<T> dy, In<T> w, Grid grid, CentredWindow window, Acc<T> dx) {
    const Index m = dy.cols / dx.cols;
    for (Index c = 0; c < dx.cols; ++c)
      for (Index p = 0; p < dx.rows; ++p) {
        T sum = 0;
        detail::each_window(grid, window, [&](Index output, auto each_tap) {
          each_tap([&](Index pixel, Index tap) {
            for (Index n = c * m; pixel == p && n < (c + 1) * m; ++n) sum += dy(output, n) * w(n, tap);
          });
        });
        dx.add(p, c, sum);
      }
  }

  /// dw(n, tap) += Σ over outputs of dy(output, n) x(pixel of the tap, n / m)
  void depthwise_outer(In<T> dy, In<T> x, Grid grid, CentredWindow window, Acc<T> dw) {
    const Index m = dy.cols / x.cols;
    for (Index n = 0; n < dw.rows; ++n)
      for (Index t = 0; t < window.area(); ++t) {
        T sum = 0;
        detail::each_window(grid, window, [&](Index output, auto each_tap) {
          each_tap([&](Index pixel, Index tap) {
            if (tap == t) sum += dy(output, n) * x(pixel, n / m);
          });
        });
        dw.add(n, t, sum);
      }
  }

  /// y = residual + x ⊙ s, one row of s for every x.rows / s.rows rows of x; the residual may be absent
  void gate(In<T> x, In<T> s, In<T> residual, Out<T> y) {
    for (Index i = 0; i < y.rows; ++i)
      for (Index j = 0; j < y.cols; ++j) {
        const T value = x(i, j) * s(i / (x.rows / s.rows), j);
        y(i, j) = residual ? residual(i, j) + value : value;
      }
  }

  /// dx += dy ⊙ s,   ds += Σ over the rows of a gate of dy ⊙ x
  void gate_backward(In<T> x, In<T> s, In<T> dy, Acc<T> dx, Acc<T> ds) {
    const Index height = x.rows / s.rows;
    if (dx)
      for (Index i = 0; i < dx.rows; ++i)
        for (Index j = 0; j < dx.cols; ++j) dx.add(i, j, dy(i, j) * s(i / height, j));
    if (ds)
      for (Index g = 0; g < ds.rows; ++g)
        for (Index j = 0; j < ds.cols; ++j) {
          T sum = 0;
          for (Index i = g * height; i < (g + 1) * height; ++i) sum += dy(i, j) * x(i, j);
          ds.add(g, j, sum);
        }
  }
};

}  // namespace clip::inline CLIP_ABI

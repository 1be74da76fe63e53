// clip/backend/naive/convolution.hpp: convolution of images whose pixels are rows, in plain loops.
#pragma once

#include <clip/backend/naive/products.hpp>
#include <clip/backend/naive/windows.hpp>

namespace clip::inline CLIP_ABI {

template <class T>
struct NaiveConvolution {
  /// y = residual + f(scale ⊙ z + bias + shortcut),
  /// z(p, n) = Σ over ky, kx, c of x(pixel (ky, kx) under window p, c) w(n, c, ky, kx);
  /// pixels outside the image are zeros.          x : (pixels, k), w : (n, k size²), y : (pixels of the result, n)
  template <class F>
  void convolve(In<T> x, Weights<T> w, Grid grid, Window window, const Epilogue<T, F>& epilogue, Out<T> y) {
    for (Index n = 0; n < y.cols; ++n)
      detail::each_window(grid, window, [&](Index output, auto each_tap) {
        T sum = 0;
        each_tap([&](Index pixel, Index tap) {
          for (Index c = 0; c < x.cols; ++c) sum += x(pixel, c) * w(n, c * window.area() + tap);
        });
        detail::finish(epilogue, output, n, sum, y);
      });
  }

  /// dx(pixel, c) += Σ over the outputs and taps that read the pixel, and n, of dy(output, n) w(n, c, tap)
  void convolve_backward(In<T> dy, Weights<T> w, Grid grid, Window window, Acc<T> dx) {
    const Grid outputs = window.over(grid);
    for (Index i = 0; i < grid.images; ++i)
      for (Index py = 0; py < grid.height; ++py)
        for (Index px = 0; px < grid.width; ++px)
          for (Index c = 0; c < dx.cols; ++c) {
            T sum = 0;
            for (Index y = 0; y < outputs.height; ++y)
              for (Index x = 0; x < outputs.width; ++x) {
                const Index ky = py + window.padding - y * window.stride, kx = px + window.padding - x * window.stride;
                if (ky < 0 || ky >= window.size || kx < 0 || kx >= window.size) continue;
                for (Index n = 0; n < dy.cols; ++n)
                  sum += dy((i * outputs.height + y) * outputs.width + x, n) *
                         w(n, c * window.area() + ky * window.size + kx);
              }
            dx.add((i * grid.height + py) * grid.width + px, c, sum);
          }
  }

  /// dw(n, c, tap) += Σ over outputs of dy(output, n) x(pixel of the tap, c)
  void convolve_outer(In<T> dy, In<T> x, Grid grid, Window window, Acc<T> dw) {
    for (Index n = 0; n < dw.rows; ++n)
      for (Index c = 0; c < x.cols; ++c)
        for (Index tap = 0; tap < window.area(); ++tap) {
          T sum = 0;
          detail::each_window(grid, window, [&](Index output, auto each_tap) {
            each_tap([&](Index pixel, Index t) {
              if (t == tap) sum += dy(output, n) * x(pixel, c);
            });
          });
          dw.add(n, c * window.area() + tap, sum);
        }
  }
};

}  // namespace clip::inline CLIP_ABI

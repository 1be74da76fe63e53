// clip/backend/cuda/kernels/depthwise.cuh: depthwise convolution and gates of channels.
#pragma once

#include <clip/backend/cuda/kernels/sums.cuh>
#include <clip/backend/cuda/kernels/windows.cuh>

namespace clip_cuda::kernels {

/// z(p, n) = Σ over taps of x(pixel of the tap, n / m) w(n, tap),  m = outputs per channel
template <class T>
void depthwise(Work& work, In<T> x, In<T> w, Grid grid, CentredWindow window, const Epilogue<T>& epilogue, Out<T> y) {
  const Taps taps = taps_of(grid, window);
  const Index m = y.cols / x.cols;
  work.each(y.rows, y.cols, [=] __device__(Index output, Index n) {
    T sum = 0;
    for (Index tap = 0; tap < taps.area(); ++tap)
      if (const Index pixel = taps.pixel(output, tap); pixel >= 0) sum += x(pixel, n / m) * w(n, tap);
    epilogue.finish(output, n, sum, y);
  });
}

/// dx(pixel, c) += Σ over the taps and the channels n of c of dy(output that reads the pixel, n) w(n, tap)
template <class T>
void depthwise_backward(Work& work, In<T> dy, In<T> w, Grid grid, CentredWindow window, Acc<T> dx) {
  const Taps taps = taps_of(grid, window);
  const Index m = dy.cols / dx.cols;
  work.each(dx.rows, dx.cols, [=] __device__(Index pixel, Index c) {
    T sum = 0;
    for (Index tap = 0; tap < taps.area(); ++tap)
      if (const Index output = taps.output(pixel, tap); output >= 0)
        for (Index n = c * m; n < (c + 1) * m; ++n) sum += dy(output, n) * w(n, tap);
    dx.add(pixel, c, sum);
  });
}

/// dw(n, tap) += Σ over outputs of dy(output, n) x(pixel of the tap, n / m)
template <class T>
void depthwise_outer(Work& work, In<T> dy, In<T> x, Grid grid, CentredWindow window, Acc<T> dw) {
  const Taps taps = taps_of(grid, window);
  const Index m = dy.cols / x.cols, channels = dw.rows;
  sum_rows<T>(
      work, 1, dy.rows, dw.rows * dw.cols,
      [=] __device__(Index output, Index j) {  // neighbours in j are neighbours in n
        const Index n = j % channels, pixel = taps.pixel(output, j / channels);
        return pixel < 0 ? T(0) : dy(output, n) * x(pixel, n / m);
      },
      [=] __device__(Index, Index j, T sum) { dw.add(j % channels, j / channels, sum); });
}

/// y = residual + x ⊙ s, one row of s for every x.rows / s.rows rows of x
template <class T>
void gate(Work& work, In<T> x, In<T> s, In<T> residual, Out<T> y) {
  const Index height = s.rows > 0 ? x.rows / s.rows : 1;
  work.each(y.rows, y.cols, [=] __device__(Index i, Index j) {
    const T value = x(i, j) * s(i / height, j);
    y(i, j) = residual ? residual(i, j) + value : value;
  });
}

/// dx += dy ⊙ s,   ds += Σ over the rows of a gate of dy ⊙ x
template <class T>
void gate_backward(Work& work, In<T> x, In<T> s, In<T> dy, Acc<T> dx, Acc<T> ds) {
  const Index height = s.rows > 0 ? x.rows / s.rows : 1;
  if (dx) work.each(dx.rows, dx.cols, [=] __device__(Index i, Index j) { dx.add(i, j, dy(i, j) * s(i / height, j)); });
  if (ds)
    sum_rows<T>(
        work, s.rows, height, s.cols, [=] __device__(Index i, Index j) { return dy(i, j) * x(i, j); },
        [=] __device__(Index g, Index j, T sum) { ds.add(g, j, sum); });
}

}  // namespace clip_cuda::kernels

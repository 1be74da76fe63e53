// clip/backend/cuda/kernels/windows.cuh: sliding windows over images whose pixels are rows, and convolutions with them.
#pragma once

#include <clip/backend/cuda/kernels/products.cuh>

namespace clip_cuda::kernels {

/// The taps of a window at the places of an image: which pixel a tap of an output reads, and which output reads a pixel
/// through a tap; -1 where there is none.
struct Taps {
  Index height, width;          // of an image
  Index out_height, out_width;  // of the result
  Index tall, wide, stride, above, left;

  __host__ __device__ Index area() const { return tall * wide; }
  __host__ __device__ Index places() const { return out_height * out_width; }
  __device__ Index pixel(Index output, Index tap) const {
    const Index y = output / out_width % out_height * stride - above + tap / wide,
                x = output % out_width * stride - left + tap % wide;
    if (y < 0 || y >= height || x < 0 || x >= width) return -1;
    return (output / places() * height + y) * width + x;
  }
  __device__ Index output(Index pixel, Index tap) const {
    const Index y = pixel / width % height + above - tap / wide, x = pixel % width + left - tap % wide;
    if (y < 0 || x < 0 || y % stride != 0 || x % stride != 0) return -1;
    if (y / stride >= out_height || x / stride >= out_width) return -1;
    return (pixel / (height * width) * out_height + y / stride) * out_width + x / stride;
  }
};

inline Taps taps_of(Grid grid, Window w) {
  const auto over = [&](Index n) { return (n + 2 * w.padding - w.size) / w.stride + 1; };
  return {grid.height, grid.width, over(grid.height), over(grid.width), w.size, w.size, w.stride, w.padding, w.padding};
}
inline Taps taps_of(Grid grid, CentredWindow w) {
  const auto over = [&](Index n) { return (n + w.stride - 1) / w.stride; };
  return {grid.height, grid.width, over(grid.height), over(grid.width), w.height,
          w.width,     w.stride,   w.height / 2,      w.width / 2};
}

/// The product of `linear` for the windows of x: element (c, tap) of a window is its column c · area + tap.
template <class T>
void convolve(Work& work, In<T> x, In<T> w, Grid grid, Window window, const Epilogue<T>& epilogue, Out<T> y) {
  if (window.size == 1 && window.stride == 1 && window.padding == 0) return linear<T>(work, x, w, epilogue, y);
  const Taps taps = taps_of(grid, window);
  const Index area = taps.area();
  product<T, true, true>(
      work, y.rows, y.cols, x.cols * area,
      [=] __device__(Index output, Index k) {
        const Index pixel = taps.pixel(output, k % area);
        return pixel < 0 ? T(0) : x(pixel, k / area);
      },
      [=] __device__(Index k, Index n) { return w(n, k); },
      [=] __device__(Index i, Index j, T sum) { epilogue.finish(i, j, sum, y); });
}

/// dx(pixel, c) += Σ over n and taps of dy(the output that reads the pixel through the tap, n) w(n, c, tap)
template <class T>
void convolve_backward(Work& work, In<T> dy, In<T> w, Grid grid, Window window, Acc<T> dx) {
  const Taps taps = taps_of(grid, window);
  const Index area = taps.area();
  product<T, true, false>(
      work, dx.rows, dx.cols, dy.cols * area,
      [=] __device__(Index pixel, Index k) {
        const Index output = taps.output(pixel, k % area);
        return output < 0 ? T(0) : dy(output, k / area);
      },
      [=] __device__(Index k, Index c) { return w(k / area, c * area + k % area); },
      [=] __device__(Index i, Index j, T sum) { dx.add(i, j, sum); });
}

/// dw(n, c, tap) += Σ over outputs of dy(output, n) x(pixel of the tap, c)
template <class T>
void convolve_outer(Work& work, In<T> dy, In<T> x, Grid grid, Window window, Acc<T> dw) {
  const Taps taps = taps_of(grid, window);
  const Index area = taps.area();
  product<T, false, false>(
      work, dw.rows, dw.cols, dy.rows, [=] __device__(Index n, Index output) { return dy(output, n); },
      [=] __device__(Index output, Index j) {
        const Index pixel = taps.pixel(output, j % area);
        return pixel < 0 ? T(0) : x(pixel, j / area);
      },
      [=] __device__(Index i, Index j, T sum) { dw.add(i, j, sum); });
}

}  // namespace clip_cuda::kernels

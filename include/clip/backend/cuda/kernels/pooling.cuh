// clip/backend/cuda/kernels/pooling.cuh: average and maximum pooling, and images as rows of pixels and of patches.
#pragma once

#include <clip/backend/cuda/kernels/windows.cuh>

namespace clip_cuda::kernels {

/// y = mean of every k × k pixels, stride k
template <class T>
void average_pool(Work& work, In<T> x, Grid grid, Index k, Out<T> y) {
  const Taps taps = taps_of(grid, Window{k, k, 0});
  work.each(y.rows, y.cols, [=] __device__(Index output, Index c) {
    T sum = 0;
    for (Index tap = 0; tap < taps.area(); ++tap) sum += x(taps.pixel(output, tap), c);
    y(output, c) = sum / static_cast<T>(taps.area());
  });
}

/// dx(pixel) += dy(its mean) / k²
template <class T>
void average_pool_backward(Work& work, In<T> dy, Grid grid, Index k, Acc<T> dx) {
  const Taps taps = taps_of(grid, Window{k, k, 0});
  work.each(dx.rows, dx.cols, [=] __device__(Index pixel, Index c) {
    const Index y = pixel / taps.width % taps.height / k, x = pixel % taps.width / k;
    const bool read = y < taps.out_height && x < taps.out_width;
    const Index output = (pixel / (taps.height * taps.width) * taps.out_height + y) * taps.out_width + x;
    dx.add(pixel, c, read ? dy(output, c) / static_cast<T>(taps.area()) : T(0));
  });
}

/// The first of the pixels under a window whose channel c is the largest.
template <class T>
__device__ Index largest(const Taps& taps, const In<T>& x, Index output, Index c) {
  Index best = -1;
  for (Index tap = 0; tap < taps.area(); ++tap)
    if (const Index pixel = taps.pixel(output, tap); pixel >= 0 && (best < 0 || x(best, c) < x(pixel, c))) best = pixel;
  return best;
}

template <class T>
void max_pool(Work& work, In<T> x, Grid grid, Window window, Out<T> y) {
  const Taps taps = taps_of(grid, window);
  work.each(y.rows, y.cols,
            [=] __device__(Index output, Index c) { y(output, c) = x(largest(taps, x, output, c), c); });
}

/// dx(pixel) += Σ of dy(output) over the windows whose first largest pixel it is, in the order of the outputs
template <class T>
void max_pool_backward(Work& work, In<T> x, In<T> dy, Grid grid, Window window, Acc<T> dx) {
  const Taps taps = taps_of(grid, window);
  work.each(dx.rows, dx.cols, [=] __device__(Index pixel, Index c) {
    T sum = 0;
    for (Index tap = taps.area() - 1; tap >= 0; --tap)
      if (const Index output = taps.output(pixel, tap); output >= 0 && largest(taps, x, output, c) == pixel)
        sum += dy(output, c);
    dx.add(pixel, c, sum);
  });
}

/// Images (channels, pixels) as rows of pixels.
template <class T>
void channels_last(Work& work, In<T> images, Index channels, Out<T> y) {
  const Index pixels = images.cols / channels;
  work.each(y.rows, channels,
            [=] __device__(Index r, Index c) { y(r, c) = images(r / pixels, c * pixels + r % pixels); });
}
template <class T>
void channels_last_backward(Work& work, In<T> dy, Index channels, Acc<T> dimages) {
  const Index pixels = dimages.cols / channels;
  work.each(dy.rows, channels,
            [=] __device__(Index r, Index c) { dimages.add(r / pixels, c * pixels + r % pixels, dy(r, c)); });
}

/// Where pixel `col` of patch `row` is: the image, and the index in it.
struct PatchGrid {
  Index channels, size, patch, across;  // patches in a row of an image

  __device__ Index image(Index row) const { return row / (across * across); }
  __device__ Index pixel(Index row, Index col) const {
    const Index c = col / (patch * patch), line = col / patch % patch, at = col % patch;
    return (c * size + row / across % across * patch + line) * size + row % across * patch + at;
  }
};

template <class T>
void patches(Work& work, In<T> images, Index channels, Index size, Index patch, Out<T> y) {
  const PatchGrid grid{channels, size, patch, size / patch};
  work.each(y.rows, y.cols,
            [=] __device__(Index row, Index col) { y(row, col) = images(grid.image(row), grid.pixel(row, col)); });
}
template <class T>
void patches_backward(Work& work, In<T> dy, Index channels, Index size, Index patch, Acc<T> dimages) {
  const PatchGrid grid{channels, size, patch, size / patch};
  work.each(dy.rows, dy.cols,
            [=] __device__(Index row, Index col) { dimages.add(grid.image(row), grid.pixel(row, col), dy(row, col)); });
}

}  // namespace clip_cuda::kernels

// clip/backend/naive/pooling.hpp: average and maximum pooling, and images as rows of pixels, in plain loops.
#pragma once

#include <clip/backend/naive/convolution.hpp>

namespace clip::inline CLIP_ABI {

template <class T>
struct NaivePooling {
  /// y = mean of every k × k pixels, stride k; incomplete windows at the edges are dropped.
  void average_pool(In<T> x, Grid grid, Index k, Out<T> y) {
    detail::each_window(grid, Window{k, k, 0}, [&](Index output, auto each_tap) {
      for (Index c = 0; c < y.cols; ++c) {
        T sum = 0;
        each_tap([&](Index pixel, Index) { sum += x(pixel, c); });
        y(output, c) = sum / static_cast<T>(k * k);
      }
    });
  }

  /// dx(pixel) += dy(its mean) / k²
  void average_pool_backward(In<T> dy, Grid grid, Index k, Acc<T> dx) {
    const Grid outputs = Window{k, k, 0}.over(grid);
    for (Index p = 0; p < grid.rows(); ++p) {
      const Index y = p / grid.width % grid.height / k, x = p % grid.width / k;
      const bool read = y < outputs.height && x < outputs.width;
      const Index output = (p / grid.pixels() * outputs.height + y) * outputs.width + x;
      for (Index c = 0; c < dx.cols; ++c) dx.add(p, c, read ? dy(output, c) / static_cast<T>(k * k) : T(0));
    }
  }

  /// y = the largest of the pixels under the window; pixels outside the image do not exist.
  void max_pool(In<T> x, Grid grid, Window window, Out<T> y) {
    detail::each_window(grid, window, [&](Index output, auto each_tap) {
      for (Index c = 0; c < y.cols; ++c) y(output, c) = x(largest(x, c, each_tap), c);
    });
  }

  /// dx(pixel) += Σ of dy(output) over the windows whose first largest pixel it is
  void max_pool_backward(In<T> x, In<T> dy, Grid grid, Window window, Acc<T> dx) {
    for (Index p = 0; p < grid.rows(); ++p)
      for (Index c = 0; c < dx.cols; ++c) {
        T sum = 0;
        detail::each_window_of(p, grid, window, [&](Index output, auto each_tap) {
          if (largest(x, c, each_tap) == p) sum += dy(output, c);
        });
        dx.add(p, c, sum);
      }
  }

  /// Images (channels, pixels) as rows of pixels.          images : (n, channels · pixels), y : (n · pixels, channels)
  void channels_last(In<T> images, Index channels, Out<T> y) {
    const Index pixels = images.cols / channels;
    for (Index r = 0; r < y.rows; ++r)
      for (Index c = 0; c < channels; ++c) y(r, c) = images(r / pixels, c * pixels + r % pixels);
  }

  void channels_last_backward(In<T> dy, Index channels, Acc<T> dimages) {
    const Index pixels = dimages.cols / channels;
    for (Index r = 0; r < dy.rows; ++r)
      for (Index c = 0; c < channels; ++c) dimages.add(r / pixels, c * pixels + r % pixels, dy(r, c));
  }

 private:
  /// The first of the pixels under a window whose channel c is the largest.
  static Index largest(In<T> x, Index c, auto each_tap) {
    Index best = -1;
    each_tap([&](Index pixel, Index) {
      if (best < 0 || x(best, c) < x(pixel, c)) best = pixel;
    });
    return best;
  }
};

}  // namespace clip::inline CLIP_ABI

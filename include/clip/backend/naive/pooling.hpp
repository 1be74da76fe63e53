// clip/backend/naive/pooling.hpp: average pooling, and images as rows of pixels, in plain loops.
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
};

}  // namespace clip::inline CLIP_ABI

// clip/backend/cpu/convolution/pooling.hpp: average pooling, and conversion of NCHW images to rows of pixels (NHWC).
#pragma once

#include <clip/backend/cpu/threads/loops.hpp>
#include <clip/core/grid.hpp>

#include <algorithm>

namespace clip::inline CLIP_ABI::cpu {

template <class T, class Self>
struct PoolingPrimitives {
  /// y = mean of every k × k pixels, stride k.
  void average_pool(In<T> x, Grid grid, Index k, Out<T> y) {
    const Grid output = Window{k, k, 0}.over(grid);
    const P count{k * k};
    parallel_rows(workers(), y.rows, k * k * y.cols, [&](Index i) {
      const T* corner = x.row(first_pixel(i, output, grid, k));
      each_packet<T>(y.cols, [&](Index j, auto mask) {
        P sum{0};
        for (Index ky = 0; ky < k; ++ky)
          for (Index kx = 0; kx < k; ++kx) sum = sum + P::load(corner + (ky * grid.width + kx) * x.stride + j, mask);
        (sum / count).store(y.row(i) + j, mask);
      });
    });
  }

  /// dx(pixel) += dy(its output) / k²
  void average_pool_backward(In<T> dy, Grid grid, Index k, Acc<T> dx) {
    const Grid output = Window{k, k, 0}.over(grid);
    const P count{k * k};
    parallel_rows(workers(), dx.rows, dx.cols, [&](Index p) {
      const Index py = p / grid.width % grid.height / k, px = p % grid.width / k;
      const bool read = py < output.height && px < output.width;
      const T* from = read ? dy.row((p / grid.pixels() * output.height + py) * output.width + px) : nullptr;
      each_packet<T>(dx.cols, [&](Index j, auto mask) {
        accumulate(dx.row(p) + j, dx.fresh, read ? P::load(from + j, mask) / count : P(0), mask);
      });
    });
  }

  /// Images (channels, pixels) as rows of pixels (pixels, channels).
  void channels_last(In<T> images, Index channels, Out<T> y) {
    each_run(images, channels, [&](Index row, const T* from, Index c, Index n) {
      for (Index r = 0; r < n; ++r) y(row + r, c) = from[r];
    });
  }

  void channels_last_backward(In<T> dy, Index channels, Acc<T> dimages) {
    each_run(dimages, channels, [&](Index row, T* to, Index c, Index n) {
      for (Index r = 0; r < n; ++r) to[r] = dimages.fresh ? dy(row + r, c) : to[r] + dy(row + r, c);
    });
  }

 private:
  using P = Simd<T>;
  Workers& workers() { return static_cast<Self&>(*this).workers(); }

  /// The upper left of the k × k pixels of output i.
  static Index first_pixel(Index i, Grid output, Grid grid, Index k) {
    return (i / output.pixels() * grid.height + i % output.pixels() / output.width * k) * grid.width +
           i % output.width * k;
  }

  /// visit(first row, address in the image, channel, count) for runs of pixels of one channel.
  template <class V, class F>
  void each_run(const V& images, Index channels, F&& visit) {
    constexpr Index length = 256;
    const Index pixels = images.cols / channels, runs = ceil_div(pixels, length);
    parallel_rows(workers(), images.rows * runs, channels * length, [&](Index task) {
      const Index image = task / runs, begin = task % runs * length;
      for (Index c = 0; c < channels; ++c)
        visit(image * pixels + begin, images.row(image) + c * pixels + begin, c, std::min(length, pixels - begin));
    });
  }
};

}  // namespace clip::inline CLIP_ABI::cpu

// clip/backend/cpu/convolution/pooling.hpp: pictures made smaller, and images as rows of pixels.
#pragma once

#include <clip/backend/cpu/simd/loops.hpp>
#include <clip/core/grid.hpp>

#include <algorithm>

namespace clip::inline CLIP_ABI {

template <class T, class Self>
struct CpuPooling {
  /// y = mean of every k × k pixels, stride k.
  void average_pool(In<T> x, Grid grid, Index k, Out<T> y) {
    const Grid places = Window{k, k, 0}.over(grid);
    const P count{k * k};
    each_row(crew(), y.rows, k * k * y.cols, [&](Index place) {
      const T* corner = x.row(pixel(place, places, grid, k));
      along<T>(y.cols, [&](Index j, auto part) {
        P sum{0};
        for (Index ky = 0; ky < k; ++ky)
          for (Index kx = 0; kx < k; ++kx) sum = sum + P::load(corner + (ky * grid.width + kx) * x.stride + j, part);
        (sum / count).store(y.row(place) + j, part);
      });
    });
  }

  /// dx(pixel) += dy(its place) / k²
  void average_pool_backward(In<T> dy, Grid grid, Index k, Acc<T> dx) {
    const Grid places = Window{k, k, 0}.over(grid);
    const P count{k * k};
    each_row(crew(), dx.rows, dx.cols, [&](Index p) {
      const Index py = p / grid.width % grid.height / k, px = p % grid.width / k;
      const bool read = py < places.height && px < places.width;
      const T* from = read ? dy.row((p / grid.pixels() * places.height + py) * places.width + px) : nullptr;
      along<T>(dx.cols, [&](Index j, auto part) {
        accumulate(dx.row(p) + j, dx.fresh, read ? P::load(from + j, part) / count : P(0), part);
      });
    });
  }

  /// Images (channels, pixels) as rows of pixels.
  void channels_last(In<T> images, Index channels, Out<T> y) {
    runs(images, channels, [&](Index row, const T* from, Index c, Index n) {
      for (Index r = 0; r < n; ++r) y(row + r, c) = from[r];
    });
  }

  void channels_last_backward(In<T> dy, Index channels, Acc<T> dimages) {
    runs(dimages, channels, [&](Index row, T* to, Index c, Index n) {
      for (Index r = 0; r < n; ++r) to[r] = dimages.fresh ? dy(row + r, c) : to[r] + dy(row + r, c);
    });
  }

 private:
  using P = Pack<T>;
  Crew& crew() { return static_cast<Self&>(*this).crew(); }

  /// The upper left of the k × k pixels of a place.
  static Index pixel(Index place, Grid places, Grid grid, Index k) {
    return (place / places.pixels() * grid.height + place % places.pixels() / places.width * k) * grid.width +
           place % places.width * k;
  }

  /// visit(first row of pixels, where they lie in the image, channel, how many) for runs of pixels of one channel.
  template <class V, class F>
  void runs(const V& images, Index channels, F&& visit) {
    constexpr Index length = 256;
    const Index pixels = images.cols / channels, across = pieces(pixels, length);
    each_row(crew(), images.rows * across, channels * length, [&](Index task) {
      const Index image = task / across, begin = task % across * length;
      for (Index c = 0; c < channels; ++c)
        visit(image * pixels + begin, images.row(image) + c * pixels + begin, c, std::min(length, pixels - begin));
    });
  }
};

}  // namespace clip::inline CLIP_ABI

// clip/backend/cpu/convolution/pooling.hpp: average and maximum pooling, and conversion of NCHW images to rows of pixels (NHWC).
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

  /// y = the largest of the pixels under the window; pixels outside the image do not exist.
  void max_pool(In<T> x, Grid grid, Window window, Out<T> y) {
    const Grid output = window.over(grid);
    parallel_rows(workers(), y.rows, window.area() * y.cols, [&](Index i) {
      const Taps taps = taps_under(i, output, grid, window);
      each_packet<T>(y.cols, [&](Index j, auto mask) {
        P best = P::load(x.row(taps.pixel(0, 0)) + j, mask);
        taps.each([&](Index pixel) {
          const P value = P::load(x.row(pixel) + j, mask);
          best = choose_less(best, value, value, best);
        });
        best.store(y.row(i) + j, mask);
      });
    });
  }

  /// dx(pixel) += Σ of dy(output) over the windows whose first largest pixel it is
  void max_pool_backward(In<T> x, In<T> dy, Grid grid, Window window, Acc<T> dx) {
    const Grid output = window.over(grid);
    parallel_rows(workers(), dx.rows, window.area() * dx.cols, [&](Index p) {
      const auto ys = window.containing(p / grid.width % grid.height, output.height);
      const auto xs = window.containing(p % grid.width, output.width);
      each_packet<T>(dx.cols, [&](Index j, auto mask) {
        P sum{0};
        for (Index oy = ys.begin; oy < ys.end; ++oy)
          for (Index ox = xs.begin; ox < xs.end; ++ox) {
            const Index i = (p / grid.pixels() * output.height + oy) * output.width + ox;
            const Taps taps = taps_under(i, output, grid, window);
            const P slope = P::load(dy.row(i) + j, mask);
            P best = P::load(x.row(taps.pixel(0, 0)) + j, mask), mine = taps.pixel(0, 0) == p ? slope : P(0);
            taps.each([&](Index pixel) {
              const P value = P::load(x.row(pixel) + j, mask);
              mine = choose_less(best, value, pixel == p ? slope : P(0), mine);
              best = choose_less(best, value, value, best);
            });
            sum = sum + mine;
          }
        accumulate(dx.row(p) + j, dx.fresh, sum, mask);
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

  /// The pixels under a window that exist: `height` lines of `width`, the first of them `first`, `pitch` apart.
  struct Taps {
    Index first, height, width, pitch;

    Index pixel(Index y, Index x) const { return first + y * pitch + x; }
    /// f(pixel) for each of them, line by line.
    [[gnu::always_inline]] void each(auto&& f) const {
      for (Index y = 0; y < height; ++y)
        for (Index x = 0; x < width; ++x) f(pixel(y, x));
    }
  };
  static Taps taps_under(Index i, Grid output, Grid grid, Window window) {
    const Index y = i / output.width % output.height * window.stride - window.padding,
                x = i % output.width * window.stride - window.padding;
    const Index top = std::max<Index>(y, 0), left = std::max<Index>(x, 0);
    return {(i / output.pixels() * grid.height + top) * grid.width + left, std::min(y + window.size, grid.height) - top,
            std::min(x + window.size, grid.width) - left, grid.width};
  }

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

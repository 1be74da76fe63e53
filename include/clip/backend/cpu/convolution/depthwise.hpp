// clip/backend/cpu/convolution/depthwise.hpp: depthwise convolution: a zero-padded patch of one panel of channels in
// scratch, then a register tile of pixels.
#pragma once

#include <clip/backend/cpu/gemm/epilogue.hpp>
#include <clip/backend/cpu/threads/loops.hpp>
#include <clip/backend/cpu/weights/panels.hpp>
#include <clip/core/grid.hpp>

#include <algorithm>
#include <utility>

namespace clip::inline CLIP_ABI::cpu {

/// Pixels of the largest register tile: each holds the sums of one packet.
inline constexpr Index depthwise_pixels = EIGEN_ARCH_DEFAULT_NUMBER_OF_REGISTERS >= 16 ? 8 : 4;

/// sums(pixel, packet) = Σ over taps, line by line, of patch(pixel + tap) w(tap): one chain per element, whatever the
/// tile's size.          x : the patch under the first pixel; a pixel of the patch is a panel, `pitch` apart per line
template <class T, Index... pixel>
[[gnu::always_inline]] inline void depthwise_tile(std::integer_sequence<Index, pixel...>, CentredWindow window,
                                                  const T* x, Index pitch, const T* w, T* sums) {
  using P = Simd<T>;
  constexpr Index width = panel_width<T>;
  P sum[sizeof...(pixel)] = {(static_cast<void>(pixel), P(0))...};
  const Index step = window.stride * width;
  for (Index ky = 0; ky < window.height; ++ky, x += pitch) {
    const T* at = x;
    for (Index kx = 0; kx < window.width; ++kx, at += width, w += width) {
      const P weight = P::load(w);
      ((sum[pixel] = fma(P::load(at + pixel * step), weight, sum[pixel])), ...);
    }
  }
  (sum[pixel].store(sums + pixel * width), ...);
}

template <class T, class Self>
struct DepthwisePrimitives {
  /// y = residual + f(scale ⊙ depthwise(x) + bias + shortcut). Order of additions: the taps, line by line; taps outside
  /// the image add zeros.
  template <class F>
  void depthwise(In<T> x, In<T> w, Grid grid, CentredWindow window, const Epilogue<T, F>& epilogue, Out<T> y) {
    if (y.count() == 0) return;
    const Grid outputs = window.over(grid);
    const Index panels = ceil_div(y.cols, width), area = window.area();
    // A patch fits the cache, and at most half of its lines are read for two bands.
    const Index pitch = ((outputs.width - 1) * window.stride + window.width) * width;
    const Index lines = std::max<Index>(window.height, 48 * 1024 / static_cast<Index>(sizeof(T)) / pitch);
    const Index band = std::clamp<Index>(lines / window.stride, 1, outputs.height),
                bands = ceil_div(outputs.height, band);
    const Index patch_lines = (band - 1) * window.stride + window.height;

    ParallelRegion region{workers()};
    T* const weights = region.template shared<T>(panels * area * width);
    transpose(w, weights);
    const Index patch = patch_lines * pitch;
    region.template parallel<T>(
        grid.images * bands * panels, patch + depthwise_pixels * width, [&](Index task, T* scratch) {
          const Index p = task % panels, top = task / panels % bands * band, image = task / panels / bands;
          const Index n = std::min(width, y.cols - p * width), end = std::min(outputs.height, top + band);
          copy_patch(x, grid, window, image, top, end, outputs.width, p * width, n, y.cols / x.cols, scratch);
          T* const sums = scratch + patch;
          for (Index line = top; line < end; ++line)
            for (Index left = 0; left < outputs.width;) {
              const T* const from = scratch + (line - top) * window.stride * pitch + left * window.stride * width;
              const Index pixels = tile(window, from, pitch, weights + p * area * width, outputs.width - left, n, sums);
              store_tile(sums, pixels, n, (image * outputs.height + line) * outputs.width + left, p * width, epilogue,
                         y);
              left += pixels;
            }
        });
  }

  /// dx(pixel, c) += Σ over taps and the channels n that read c, of dy(output, n) w(n, tap)
  void depthwise_backward(In<T> dy, In<T> w, Grid grid, CentredWindow window, Acc<T> dx) {
    if (dx.count() == 0) return;
    const Grid outputs = window.over(grid);
    const Index multiplier = dy.cols / dx.cols, stride = round_up(dy.cols, width);
    ParallelRegion region{workers()};
    T* const weights = region.template shared<T>(window.area() * stride);
    for (Index tap = 0; tap < window.area(); ++tap)
      for (Index n = 0; n < dy.cols; ++n) weights[tap * stride + n] = w(n, tap);
    region.template parallel<T>(grid.images * grid.height, stride, [&](Index task, T* sums) {
      const Index image = task / grid.height, py = task % grid.height;
      for (Index px = 0; px < grid.width; ++px) {
        std::fill_n(sums, stride, T(0));
        for (Index ky = 0; ky < window.height; ++ky)
          for (Index kx = 0; kx < window.width; ++kx) {
            const Index y = py + window.height / 2 - ky, x = px + window.width / 2 - kx;
            if (y < 0 || x < 0 || y % window.stride != 0 || x % window.stride != 0) continue;
            if (y / window.stride >= outputs.height || x / window.stride >= outputs.width) continue;
            const T* const from =
                dy.row((image * outputs.height + y / window.stride) * outputs.width + x / window.stride);
            const T* const weight = weights + (ky * window.width + kx) * stride;
            each_packet<T>(dy.cols, [&](Index j, auto mask) {
              fma(P::load(from + j, mask), P::load(weight + j, mask), P::load(sums + j)).store(sums + j);
            });
          }
        const Index row = (image * grid.height + py) * grid.width + px;
        for (Index c = 0; c < dx.cols; ++c) {
          T sum = 0;
          for (Index i = 0; i < multiplier; ++i) sum += sums[c * multiplier + i];
          dx.add(row, c, sum);
        }
      }
    });
  }

  /// dw(n, tap) += Σ of dy(output, n) x(pixel of the tap, n / m), each element one chain over the outputs.
  void depthwise_outer(In<T> dy, In<T> x, Grid grid, CentredWindow window, Acc<T> dw) {
    if (dw.count() == 0) return;
    const Grid outputs = window.over(grid);
    const Index area = window.area(), pitch = ((outputs.width - 1) * window.stride + window.width) * width;
    ParallelRegion region{workers()};
    region.template parallel<T>(ceil_div(dw.rows, width), area * width + window.height * pitch, [&](Index p, T* sums) {
      const Index n = std::min(width, dw.rows - p * width);
      T* const patch = sums + area * width;
      std::fill_n(sums, area * width, T(0));
      for (Index line = 0; line < grid.images * outputs.height; ++line) {
        const Index image = line / outputs.height, top = line % outputs.height;
        copy_patch(x, grid, window, image, top, top + 1, outputs.width, p * width, n, dy.cols / x.cols, patch);
        for (Index left = 0; left < outputs.width; ++left) {
          const T* const slope = dy.row(line * outputs.width + left) + p * width;
          each_packet<T>(n, [&](Index j, auto mask) {
            const P d = P::load(slope + j, mask);
            T* sum = sums + j;
            for (Index ky = 0; ky < window.height; ++ky) {
              const T* from = patch + ky * pitch + left * window.stride * width + j;
              for (Index kx = 0; kx < window.width; ++kx, from += width, sum += width)
                fma(d, P::load(from), P::load(sum)).store(sum);
            }
          });
        }
      }
      for (Index j = 0; j < n; ++j)
        for (Index tap = 0; tap < area; ++tap) dw.add(p * width + j, tap, sums[tap * width + j]);
    });
  }

 private:
  using P = Simd<T>;
  static constexpr Index width = panel_width<T>;
  Workers& workers() { return static_cast<Self&>(*this).workers(); }
  /// Pixels from the one that is copied to the one that is prefetched.
  static constexpr Index copy_ahead = 12;

  /// Panels of (taps, width); lanes past the last channel are zeros. (pack_rows is slower for so few taps on AVX-512.)
  static void transpose(In<T> w, T* to) {
    for (Index c = 0; c < w.rows; c += width)
      for (Index tap = 0; tap < w.cols; ++tap, to += width)
        for (Index j = 0; j < width; ++j) to[j] = c + j < w.rows ? w(c + j, tap) : T(0);
  }

  /// The pixels that output lines [top, end) of an image read, for `n` output channels from `c`: lines of panels, zeros
  /// outside the image and past the channels.
  static void copy_patch(In<T> x, Grid grid, CentredWindow window, Index image, Index top, Index end,
                         Index output_width, Index c, Index n, Index multiplier, T* to) {
    const Index first = top * window.stride - window.height / 2, left = -(window.width / 2);
    const Index lines = (end - top - 1) * window.stride + window.height;
    const Index pixels = (output_width - 1) * window.stride + window.width;
    for (Index line = first; line < first + lines; ++line) {
      const bool inside = line >= 0 && line < grid.height;
      const T* const row = x.row((image * grid.height + (inside ? line : 0)) * grid.width);
      for (Index pixel = left; pixel < left + pixels; ++pixel, to += width) {
        if (!inside || pixel < 0 || pixel >= grid.width) {
          P(0).store(to);
          P(0).store(to + P::size);
          continue;
        }
        const T* const from = row + pixel * x.stride;
        if (multiplier == 1 && n == width) {
          // A panel is a line of the cache or two of each pixel: too far apart for the hardware to prefetch.
          __builtin_prefetch(from + c + copy_ahead * x.stride);
          P::load(from + c).store(to);
          P::load(from + c + P::size).store(to + P::size);
        } else if (multiplier == 2 && n == width) {
          for (Index j = 0; j < width / 2; ++j) to[2 * j] = to[2 * j + 1] = from[c / 2 + j];
        } else {
          for (Index j = 0; j < n; ++j) to[j] = from[(c + j) / multiplier];
          std::fill(to + n, to + width, T(0));
        }
      }
    }
  }

  /// Sums of the next pixels of a line; returns their number.
  static Index tile(CentredWindow window, const T* x, Index pitch, const T* w, Index pixels, Index n, T* sums) {
    const auto run = [&]<Index... i>(std::integer_sequence<Index, i...> all) {
      for (Index j = 0; j < n; j += P::size) depthwise_tile(all, window, x + j, pitch, w + j, sums + j);
      return Index{sizeof...(i)};
    };
    if (pixels >= depthwise_pixels) return run(std::make_integer_sequence<Index, depthwise_pixels>{});
    if (pixels >= 4) return run(std::make_integer_sequence<Index, 4>{});
    return run(std::make_integer_sequence<Index, 1>{});
  }
};

}  // namespace clip::inline CLIP_ABI::cpu

// clip/backend/cpu/convolution/convolution.hpp: convolution and its gradients as matrix products over gathered windows.
#pragma once

#include <clip/backend/cpu/convolution/windows.hpp>
#include <clip/backend/cpu/convolution/winograd.hpp>
#include <clip/backend/cpu/gemm/multiply.hpp>
#include <clip/backend/cpu/gemm/outer.hpp>

#include <algorithm>

namespace clip::inline CLIP_ABI::cpu {

template <class T, class Self>
struct ConvolutionPrimitives {
  /// y = residual + f(scale ⊙ convolution(x) + bias + shortcut). Order of additions: pixels of the window, line by
  /// line, and for each the channels; in Winograd's form for each of its 16 positions the channels, then the positions.
  template <class F>
  void convolve(In<T> x, Weights<T> w, Grid grid, Window window, const Epilogue<T, F>& epilogue, Out<T> y) {
    if (window.pointwise()) return self().linear(x, as_linear(w), epilogue, y);
    if (y.count() == 0) return;
    if (Winograd<T, F>::fits(window, x.cols) && !has_dot_layout<T>(w.layout)) {
      const Winograd<T, F> winograd{x, grid, window.over(grid), window.padding, epilogue, y};
      return winograd.convolve(workers(), [&](Index p, T* buffer) {
        return load_panel(Use::convolution, w, y.cols, 9 * x.cols, window.area(), p, buffer);
      });
    }
    multiply(workers(), Arithmetic::full, Windows<T>::forward(x, grid, window), Use::convolution, window.area(), w,
             epilogue, y);
  }

  /// dx += for every pixel, the gradients of all outputs that read it, times their weights.          w in rows
  void convolve_backward(In<T> dy, Weights<T> w, Grid grid, Window window, Acc<T> dx) {
    const Epilogue<T> epilogue{.residual = dx.fresh ? In<T>{} : In<T>{dx}};
    if (window.pointwise()) return self().project(dy, as_linear(w), epilogue, dx);
    if (dx.count() == 0) return;
    const auto windows = Windows<T>::backward(dy, grid, window);
    const Product<FmaDot<T>, T, fn::Identity, Windows<T>> product{windows, epilogue, dx};
    // k runs over the pixels of the mirrored window, and for each over the channels of dy.
    product.multiply_unpacked(workers(), [&](Index p, Index begin, Index end, T* to) {
      const Index area = window.area(), c = p * panel_width<T>, n = std::min(panel_width<T>, dx.cols - c);
      if (n < panel_width<T>) std::fill_n(to, (end - begin) * panel_width<T>, T(0));
      for (Index channel = 0; channel < dy.cols; ++channel)
        for (Index j = 0; j < n; ++j)
          for (Index tap = 0; tap < area; ++tap) {
            const Index k = (area - 1 - tap) * dy.cols + channel;
            if (k >= begin && k < end) to[(k - begin) * panel_width<T> + j] = w.row(channel)[(c + j) * area + tap];
          }
    });
  }

  /// dw += dyᵀ (windows of x), each element one chain over the outputs.
  void convolve_outer(In<T> dy, In<T> x, Grid grid, Window window, Acc<T> dw) {
    constexpr Index width = panel_width<T>;
    if (window.pointwise()) return self().outer(dy, x, dw);
    if (dw.count() == 0) return;
    const auto windows = Windows<T>::forward(x, grid, window);
    const Index cols = windows.cols(), all_tiles = ceil_div(dw.rows, tile_rows), tiles = std::min<Index>(all_tiles, 8);
    const Index panels =
        std::clamp<Index>(ceil_div(cols, width) * ceil_div(all_tiles, tiles) / (3 * workers().threads()), 1, 16);
    const Index pitch = windows.pitch(panels * width);
    outer_product<T>(
        workers(), dy, cols, tiles, panels, outer_steps * pitch,
        [&](Index r, Index depth, Index p0, Index p1, Index p, T* buffer) -> Block<T> {
          if (p == p0) {  // all panels of the task at once; products with columns past the last are not stored
            if (cols < p1 * width) std::fill_n(buffer, outer_steps * pitch, T(0));
            windows.gather(r, r + depth, p0 * width, std::min(cols, p1 * width), buffer, pitch);
          }
          return {buffer + (p - p0) * width, pitch};
        },
        [&](Index n, Index p, const T* sums) {
          Index tap = p * width / x.cols, c = p * width % x.cols;
          for (Index j = 0; j < std::min(width, cols - p * width); ++j) {
            dw.add(n, c * window.area() + tap, sums[j]);
            if (++c == x.cols) {
              c = 0;
              ++tap;
            }
          }
        });
  }

 private:
  Self& self() { return static_cast<Self&>(*this); }
  Workers& workers() { return self().workers(); }
  /// A 1×1 convolution is a linear map, and is packed like one.
  static Weights<T> as_linear(Weights<T> w) {
    w.use = Use::linear;
    return w;
  }
};

}  // namespace clip::inline CLIP_ABI::cpu

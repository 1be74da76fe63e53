// clip/backend/cpu/convolution/convolution.hpp: convolutions as products of windows with panels.
#pragma once

#include <clip/backend/cpu/convolution/windows.hpp>
#include <clip/backend/cpu/convolution/winograd.hpp>
#include <clip/backend/cpu/gemm/outer.hpp>
#include <clip/backend/cpu/gemm/products.hpp>

#include <algorithm>

namespace clip::inline CLIP_ABI {

template <class T, class Self>
struct CpuConvolution {
  /// y = residual + f(scale ⊙ convolution(x) + bias + shortcut). The order of additions: pixels of the window, line by line, and
  /// for each the channels; where Winograd's form fits, for each of its 16 positions the channels, then the positions.
  template <class F>
  void convolve(In<T> x, Weights<T> w, Grid grid, Window window, const Epilogue<T, F>& epilogue, Out<T> y) {
    if (window.pointwise()) return self().linear(x, as_linear(w), epilogue, y);
    if (y.count() == 0) return;
    if (detail::Winograd<T, F>::fits(window, x.cols) && !detail::in_steps<T>(w.layout))
      return detail::Winograd<T, F>{x, grid, window.over(grid), window.padding, epilogue, y}.convolve(
          crew(), [&](Index p, T* room) {
            return detail::panel_of(Use::convolution, w, y.cols, 9 * x.cols, window.area(), p, room);
          });
    detail::multiply(crew(), Arithmetic::full, detail::Windows<T>::forward(x, grid, window), Use::convolution,
                     window.area(), w, epilogue, y);
  }

  /// dx += the gradients of all places that read a pixel, times their weights.          w in rows
  void convolve_backward(In<T> dy, Weights<T> w, Grid grid, Window window, Acc<T> dx) {
    const Epilogue<T> epilogue{.residual = dx.fresh ? In<T>{} : In<T>{dx}};
    if (window.pointwise()) return self().project(dy, as_linear(w), epilogue, dx);
    if (dx.count() == 0) return;
    const auto windows = detail::Windows<T>::backward(dy, grid, window);
    const detail::Product<detail::Singles<T>, T, fn::Identity, detail::Windows<T>> product{windows, epilogue, dx};
    product.packing(crew(), [&](Index p, Index begin, Index end,
                                T* to) {  // k: pixels of the window turned about, and for each the channels of dy
      const Index area = window.area(), c = p * panel_width<T>, n = std::min(panel_width<T>, dx.cols - c);
      if (n < panel_width<T>) std::fill_n(to, (end - begin) * panel_width<T>, T(0));
      for (Index k = 0; k < dy.cols; ++k)
        for (Index j = 0; j < n; ++j)
          for (Index tap = 0; tap < area; ++tap) {
            const Index at = (area - 1 - tap) * dy.cols + k;
            if (at >= begin && at < end) to[(at - begin) * panel_width<T> + j] = w.row(k)[(c + j) * area + tap];
          }
    });
  }

  /// dw += dyᵀ (windows of x), each element one chain over the places.
  void convolve_outer(In<T> dy, In<T> x, Grid grid, Window window, Acc<T> dw) {
    constexpr Index width = panel_width<T>;
    if (window.pointwise()) return self().outer(dy, x, dw);
    if (dw.count() == 0) return;
    const auto windows = detail::Windows<T>::forward(x, grid, window);
    const Index cols = windows.cols(), tall = pieces(dw.rows, tile_rows), high = std::min<Index>(tall, 8);
    const Index wide = std::clamp<Index>(pieces(cols, width) * pieces(tall, high) / (3 * crew().threads()), 1, 16),
                pitch = windows.pitch(wide * width);
    detail::outer_product<T>(
        crew(), dy, cols, high, wide, detail::outer_rows * pitch,
        [&](Index r, Index depth, Index p0, Index p1, Index p, T* room) -> detail::Piece<T> {
          if (p == p0) {  // for all panels of the task at once; what stands past the last column is never stored
            if (cols < p1 * width) std::fill_n(room, detail::outer_rows * pitch, T(0));
            windows.gather(r, r + depth, p0 * width, std::min(cols, p1 * width), room, pitch);
          }
          return {room + (p - p0) * width, pitch};
        },
        [&](Index n, Index p, const T* sums) {
          Index tap = p * width / x.cols, c = p * width % x.cols;
          for (Index j = 0; j < std::min(width, cols - p * width); ++j) {
            dw.add(n, c * window.area() + tap, sums[j]);
            if (++c == x.cols) c = 0, ++tap;
          }
        });
  }

 private:
  Self& self() { return static_cast<Self&>(*this); }
  Crew& crew() { return self().crew(); }
  /// A convolution of single pixels lies in its panels as the weight of a linear map.
  static Weights<T> as_linear(Weights<T> w) {
    w.use = Use::linear;
    return w;
  }
};

}  // namespace clip::inline CLIP_ABI

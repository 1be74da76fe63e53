// clip/ops/convolution.hpp: convolutions of pictures whose pixels are rows, alone and with what follows them in inference.
#pragma once

#include <clip/autograd/context.hpp>
#include <clip/backend/concept.hpp>

#include <string_view>

namespace clip::inline CLIP_ABI {

/// y(p, n) = Σ over ky, kx, c of x(pixel (ky, kx) under window p, c) w(n, c, ky, kx), zeros outside the picture
///   x : (pixels of grid, K), w : (N, K size²) as (N, K, size, size), y : (pixels of window.over(grid), N)
/// dx(pixel) += Σ over the places and taps that read it of dy(place) w(tap),   dw += Σ over places of dyᵀ (window of x)
struct ConvolutionOp {
  static constexpr std::string_view name = "convolution";
  Grid grid;
  Window window;

  template <class T>
  void forward(auto& b, In<T> x, Weights<T> w, Out<T> y, Saved<T>) const {
    b.convolve(x, w, grid, window, Epilogue<T>{}, y);
  }
  template <class T>
  void backward(auto& b, In<T> x, Weights<T> w, Saved<T>, In<T> dy, Acc<T> dx, Acc<T> dw) const {
    if (dw) b.convolve_outer(dy, x, grid, window, dw);
    if (dx) b.convolve_backward(dy, w, grid, window, dx);
  }
};

/// y = f(scale ⊙ convolution(x) + shift + shortcut), (scale, shift) = folded : (2, N). For inference: no derivative.
template <class F>
struct FoldedConvolutionOp {
  static constexpr std::string_view name = "convolution_folded";
  Grid grid;
  Window window;

  template <class T>
  void forward(auto& b, In<T> x, Weights<T> w, In<T> folded, In<T> shortcut, Out<T> y, Saved<T>) const {
    b.convolve(
        x, w, grid, window,
        Epilogue<T, F>{.bias = folded.middle_rows(1, 1), .scale = folded.middle_rows(0, 1), .shortcut = shortcut}, y);
  }
};

namespace detail {
template <class T, class X>
void check_convolution(const X& x, Grid grid, Window window, Index outputs, const Parameter<T>& weight) {
  if (x.rows() != grid.rows()) raise(ShapeError{"convolution", "rows", grid.rows(), x.rows()});
  const Shape expected{outputs, x.cols(), window.size, window.size};
  if (weight.shape != expected) raise(ShapeError{"convolution", "shape of the weight", expected, weight.shape});
}
}  // namespace detail

/// A convolution without bias.          x : (grid.rows(), K), weight : (N, K, size, size), result : (window.over(grid).rows(), N)
/// ShapeError: sizes do not fit.
template <class Cx, Index K, Index N>
Rows<Cx, N> convolution(Cx& cx, Rows<Cx, K> x, Grid grid, Window window, Size<N> outputs,
                        const Parameter<typename Cx::Scalar>& weight) {
  detail::check_convolution(x, grid, window, outputs, weight);
  return cx.apply(ConvolutionOp{grid, window}, window.over(grid).rows(), outputs, x, weight);
}

/// f(scale ⊙ convolution(x) + shift + shortcut) in one pass, for inference. folded : (2, N) as fold_batch_norm makes it;
/// shortcut : rows of the result's shape, whose place the result takes, or `absent`.
template <class F, class Cx, Index K, Index N, Index M, class Shortcut = Absent>
Rows<Cx, N> convolution_folded(Cx& cx, Rows<Cx, K> x, Grid grid, Window window, Size<N> outputs,
                               const Parameter<typename Cx::Scalar>& weight, Rows<Cx, M> folded,
                               const Shortcut& shortcut = {}) {
  static_assert(compatible(M, N), "convolution_folded: scale and shift have another width than the result");
  detail::check_convolution(x, grid, window, outputs, weight);
  const Index rows = window.over(grid).rows();
  if (folded.rows() != 2 || folded.cols() != outputs)
    raise(ShapeError{"convolution_folded", "scale and shift", Shape{2, outputs}, Shape{folded.rows(), folded.cols()}});
  if constexpr (requires { shortcut.view; }) {
    if (shortcut.rows() != rows || shortcut.cols() != outputs)
      raise(
          ShapeError{"convolution_folded", "shortcut", Shape{rows, outputs}, Shape{shortcut.rows(), shortcut.cols()}});
    return cx.apply_onto(FoldedConvolutionOp<F>{grid, window}, Rows<Cx, N>{shortcut}, x, weight, folded, shortcut);
  } else {
    return cx.apply(FoldedConvolutionOp<F>{grid, window}, rows, outputs, x, weight, folded, shortcut);
  }
}

}  // namespace clip::inline CLIP_ABI

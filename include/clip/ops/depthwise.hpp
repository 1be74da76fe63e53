// clip/ops/depthwise.hpp: depthwise convolution of images whose pixels are rows.
#pragma once

#include <clip/autograd/context.hpp>
#include <clip/backend/convolving.hpp>

#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI {

/// y(p, n) = Σ over ky, kx of x(pixel (ky, kx) under window p, n / m) w(n, ky, kx) + bias(n), m = N / K
///   x : (pixels of grid, K), zeros outside the image, w : (N, height width) as (N, 1, height, width), bias : (N),
///   y : (pixels of window.over(grid), N)
/// dx(pixel, c) += Σ over the places, taps and channels that read it of dy(place, n) w(n, tap)
/// dw(n, tap)   += Σ over places of dy(place, n) x(pixel of the tap, n / m),   dbias += Σ rows of dy
/// Naive: backend/naive/depthwise.hpp
struct DepthwiseOp {
  static constexpr std::string_view name = "depthwise";
  Grid grid;
  CentredWindow window;

  template <class T>
  void forward(auto& b, In<T> x, In<T> w, In<T> bias, Out<T> y, Saved<T>) const {
    b.depthwise(x, w, grid, window, Epilogue<T>{.bias = bias}, y);
  }
  template <class T>
  void backward(auto& b, In<T> x, In<T> w, In<T>, Saved<T>, In<T> dy, Acc<T> dx, Acc<T> dw, Acc<T> dbias) const {
    if (dbias) b.column_sum(dy, dbias);
    if (dw) b.depthwise_outer(dy, x, grid, window, dw);
    if (dx) b.depthwise_backward(dy, w, grid, window, dx);
  }
};

/// y = residual + f(scale ⊙ depthwise(x) + shift).  Naive: backend/naive/depthwise.hpp
template <class F>
struct FoldedDepthwiseOp {
  static constexpr std::string_view name = "folded_depthwise";
  Grid grid;
  CentredWindow window;

  template <class T>
  void forward(auto& b, In<T> x, In<T> w, In<T> scale, In<T> shift, In<T> residual, Out<T> y, Saved<T>) const {
    b.depthwise(x, w, grid, window, Epilogue<T, F>{.bias = shift, .residual = residual, .scale = scale}, y);
  }
};

namespace detail {
template <class T, class X>
void check_depthwise(const X& x, Grid grid, CentredWindow window, Index outputs, const Parameter<T>& weight) {
  if (x.rows() != grid.rows()) raise(ShapeError{"depthwise", "rows", grid.rows(), x.rows()});
  const Shape expected{outputs, 1, window.height, window.width};
  if (weight.shape != expected) raise(ShapeError{"depthwise", "shape of the weight", expected, weight.shape});
  if (x.cols() == 0 || outputs % x.cols() != 0)
    raise(ShapeError{"depthwise", "output channels", "a multiple of the " + std::to_string(x.cols()) + " inputs",
                     outputs});
}
}  // namespace detail

/// residual + f(scale ⊙ depthwise(x) + shift) in one pass, for inference. scale, shift : (N) or `absent`; residual :
/// rows of the result's shape, or `absent`. ShapeError: sizes do not fit.
template <class F, class Cx, Index K, Index N, class Scale, class Shift, class Residual = Absent>
Rows<Cx, N> folded_depthwise(Cx& cx, Rows<Cx, K> x, Grid grid, CentredWindow window, Size<N> outputs,
                             const Parameter<typename Cx::Scalar>& weight, const Scale& scale, const Shift& shift,
                             const Residual& residual = {}) {
  static_assert(ConvolvingBackend<BackendOf<Cx>>,
                "folded_depthwise: this backend has no convolutions (backend/convolving.hpp)");
  detail::check_depthwise(x, grid, window, outputs, weight);
  return cx.apply(FoldedDepthwiseOp<F>{grid, window}, window.over(grid).rows(), outputs, x, weight, scale, shift,
                  residual);
}

/// A convolution of every channel by itself; each input channel gives N / K neighbouring outputs.
///   x : (grid.rows(), K), weight : (N, 1, height, width), bias : (N) or `absent`,
///   result : (window.over(grid).rows(), N)
/// ShapeError: sizes do not fit.
template <class Cx, Index K, Index N, class Bias = Absent>
Rows<Cx, N> depthwise(Cx& cx, Rows<Cx, K> x, Grid grid, CentredWindow window, Size<N> outputs,
                      const Parameter<typename Cx::Scalar>& weight, const Bias& bias = {}) {
  static_assert(ConvolvingBackend<BackendOf<Cx>>,
                "depthwise: this backend has no convolutions (backend/convolving.hpp)");
  detail::check_depthwise(x, grid, window, outputs, weight);
  return cx.apply(DepthwiseOp{grid, window}, window.over(grid).rows(), outputs, x, weight, bias);
}

}  // namespace clip::inline CLIP_ABI

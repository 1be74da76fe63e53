// clip/ops/convolution.hpp: convolution of images whose pixels are rows.
#pragma once

#include <clip/autograd/context.hpp>
#include <clip/backend/convolving.hpp>

#include <string_view>

namespace clip::inline CLIP_ABI {

/// y(p, n) = Σ over ky, kx, c of x(pixel (ky, kx) under window p, c) w(n, c, ky, kx), zeros outside the image
///   x : (pixels of grid, K), w : (N, K size²) as (N, K, size, size), y : (pixels of window.over(grid), N)
/// dx(pixel) += Σ over the places and taps that read it of dy(place) w(tap),   dw += Σ over places of dyᵀ (window of x)
/// Naive: backend/naive/convolution.hpp
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

namespace detail {
template <class T, class X>
void check_convolution(const X& x, Grid grid, Window window, Index outputs, const Parameter<T>& weight) {
  if (x.rows() != grid.rows()) raise(ShapeError{"convolution", "rows", grid.rows(), x.rows()});
  const Shape expected{outputs, x.cols(), window.size, window.size};
  if (weight.shape != expected) raise(ShapeError{"convolution", "shape of the weight", expected, weight.shape});
}
}  // namespace detail

/// A convolution without bias.
///   x : (grid.rows(), K), weight : (N, K, size, size), result : (window.over(grid).rows(), N)
/// ShapeError: sizes do not fit.
template <class Cx, Index K, Index N>
Rows<Cx, N> convolution(Cx& cx, Rows<Cx, K> x, Grid grid, Window window, Size<N> outputs,
                        const Parameter<typename Cx::Scalar>& weight) {
  static_assert(ConvolvingBackend<BackendOf<Cx>>,
                "convolution: this backend has no convolutions (backend/convolving.hpp)");
  detail::check_convolution(x, grid, window, outputs, weight);
  return cx.apply(ConvolutionOp{grid, window}, window.over(grid).rows(), outputs, x, weight);
}

}  // namespace clip::inline CLIP_ABI

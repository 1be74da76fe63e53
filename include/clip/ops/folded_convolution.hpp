// clip/ops/folded_convolution.hpp: convolution with bias; for inference with folded batch norm, shortcut, activation.
#pragma once

#include <clip/ops/convolution.hpp>

#include <string_view>
#include <type_traits>

namespace clip::inline CLIP_ABI {

/// y = f(scale ⊙ convolution(x) + shift + shortcut), (scale, shift) = folded : (2, N)
/// Naive: backend/naive/convolution.hpp
template <class F>
struct FoldedConvolutionOp {
  static constexpr std::string_view name = "folded_convolution";
  Grid grid;
  Window window;

  template <class T>
  void forward(auto& b, In<T> x, Weights<T> w, In<T> folded, In<T> shortcut, Out<T> y, Saved<T>) const {
    b.convolve(
        x, w, grid, window,
        Epilogue<T, F>{.bias = folded.middle_rows(1, 1), .scale = folded.middle_rows(0, 1), .shortcut = shortcut}, y);
  }
};

/// y = f(convolution(x) + bias)          Naive: backend/naive/convolution.hpp
/// Without an activation it has derivatives: dx, dw as ConvolutionOp,   dbias += Σ rows of dy
template <class F>
struct BiasedConvolutionOp {
  static constexpr std::string_view name = "biased_convolution";
  Grid grid;
  Window window;

  template <class T>
  void forward(auto& b, In<T> x, Weights<T> w, In<T> bias, Out<T> y, Saved<T>) const {
    b.convolve(x, w, grid, window, Epilogue<T, F>{.bias = bias}, y);
  }
  template <class T>
    requires std::is_same_v<F, fn::Identity>
  void backward(auto& b, In<T> x, Weights<T> w, In<T>, Saved<T> saved, In<T> dy, Acc<T> dx, Acc<T> dw,
                Acc<T> dbias) const {
    ConvolutionOp{grid, window}.backward(b, x, w, saved, dy, dx, dw);
    if (dbias) b.column_sum(dy, dbias);
  }
};

/// f(convolution(x) + bias) in one pass; with an activation for inference only.          bias : (N)
template <class F, class Cx, Index K, Index N, class Bias>
Rows<Cx, N> biased_convolution(Cx& cx, Rows<Cx, K> x, Grid grid, Window window, Size<N> outputs,
                               const Parameter<typename Cx::Scalar>& weight, const Bias& bias) {
  static_assert(ConvolvingBackend<BackendOf<Cx>>,
                "biased_convolution: this backend has no convolutions (backend/convolving.hpp)");
  detail::check_convolution(x, grid, window, outputs, weight);
  return cx.apply(BiasedConvolutionOp<F>{grid, window}, window.over(grid).rows(), outputs, x, weight, bias);
}

/// f(scale ⊙ convolution(x) + shift + shortcut) in one pass, for inference. folded : (2, N), of fold_batch_norm;
/// shortcut : rows of the result's shape, which the result overwrites, or `absent`.
template <class F, class Cx, Index K, Index N, Index M, class Shortcut = Absent>
Rows<Cx, N> folded_convolution(Cx& cx, Rows<Cx, K> x, Grid grid, Window window, Size<N> outputs,
                               const Parameter<typename Cx::Scalar>& weight, Rows<Cx, M> folded,
                               const Shortcut& shortcut = {}) {
  static_assert(compatible(M, N), "folded_convolution: scale and shift have another width than the result");
  static_assert(ConvolvingBackend<BackendOf<Cx>>,
                "folded_convolution: this backend has no convolutions (backend/convolving.hpp)");
  detail::check_convolution(x, grid, window, outputs, weight);
  const Index rows = window.over(grid).rows();
  if (folded.rows() != 2 || folded.cols() != outputs)
    raise(ShapeError{"folded_convolution", "scale and shift", Shape{2, outputs}, Shape{folded.rows(), folded.cols()}});
  if constexpr (requires { shortcut.view; }) {
    if (shortcut.rows() != rows || shortcut.cols() != outputs)
      raise(
          ShapeError{"folded_convolution", "shortcut", Shape{rows, outputs}, Shape{shortcut.rows(), shortcut.cols()}});
    return cx.apply_onto(FoldedConvolutionOp<F>{grid, window}, Rows<Cx, N>{shortcut}, x, weight, folded, shortcut);
  } else {
    return cx.apply(FoldedConvolutionOp<F>{grid, window}, rows, outputs, x, weight, folded, shortcut);
  }
}

}  // namespace clip::inline CLIP_ABI

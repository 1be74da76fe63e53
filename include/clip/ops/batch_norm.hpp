// clip/ops/batch_norm.hpp: batch normalisation of channels over all rows (Ioffe & Szegedy 2015).
#pragma once

#include <clip/autograd/context.hpp>
#include <clip/backend/convolving.hpp>

#include <string_view>

namespace clip::inline CLIP_ABI {

/// y = (x - μ) r γ + β,  r = 1/√(σ² + ε), μ and σ² (biased) of every column
///   x, y : (m, n), γ, β : (n), saved : (2, n) = (μ, σ²)
/// with x̂ = (x - μ) r:   dx += γ r (dy - mean(dy) - x̂ mean(dy x̂)),   dγ += Σ dy x̂,   dβ += Σ dy
/// Naive: backend/naive/batch_norm.hpp
struct BatchNormOp {
  static constexpr std::string_view name = "batch_norm";
  double epsilon;

  template <class T>
  Extents saved(In<T> x, In<T>, In<T>) const {
    return {2, x.cols};
  }
  template <class T>
  void forward(auto& b, In<T> x, In<T> gain, In<T> bias, Out<T> y, Saved<T> saved) const {
    b.batch_norm(x, gain, bias, epsilon, y, saved);
  }
  template <class T>
  void backward(auto& b, In<T> x, In<T> gain, In<T>, Saved<T> saved, In<T> dy, Acc<T> dx, Acc<T> dgain,
                Acc<T> dbias) const {
    b.batch_norm_backward(x, saved.middle_rows(0, 1), saved.middle_rows(1, 1), gain, epsilon, dy, true, dx, dgain,
                          dbias);
  }
};

/// The same with running statistics, which are constants:   dx += γ r dy          Naive: backend/naive/batch_norm.hpp
template <class T>
struct RunningBatchNormOp {
  static constexpr std::string_view name = "running_batch_norm";
  const T *mean, *variance;  // n of each
  double epsilon;

  void forward(auto& b, In<T> x, In<T> gain, In<T> bias, Out<T> y, Saved<T>) const {
    b.batch_norm_with(x, In<T>{mean, 1, x.cols}, In<T>{variance, 1, x.cols}, gain, bias, epsilon, y);
  }
  void backward(auto& b, In<T> x, In<T> gain, In<T>, Saved<T>, In<T> dy, Acc<T> dx, Acc<T> dgain, Acc<T> dbias) const {
    b.batch_norm_backward(x, In<T>{mean, 1, x.cols}, In<T>{variance, 1, x.cols}, gain, epsilon, dy, false, dx, dgain,
                          dbias);
  }
};

/// The weights and statistics of a batch norm. All have the width of the rows; the counter is one number.
template <class T>
struct BatchNormWeights {
  const Parameter<T>&weight, &bias, &running_mean, &running_var, &num_batches_tracked;
  double epsilon;
  double momentum = 0.1;
};

/// Batch norm. On a tape the statistics are those of the batch, collected for tape.commit(); in inference, or on a tape
/// made with `evaluation`, the running ones.          x, result : (m, N)
/// ShapeError: a single row has no variance.
template <class Cx, Index N>
Rows<Cx, N> batch_norm(Cx& cx, Rows<Cx, N> x, const BatchNormWeights<typename Cx::Scalar>& p) {
  using T = typename Cx::Scalar;
  static_assert(ConvolvingBackend<BackendOf<Cx>>,
                "batch_norm: this backend has no batch norms (backend/convolving.hpp)");
  if (p.weight.count() != x.cols()) raise(ShapeError{"batch_norm", "width", p.weight.count(), x.cols()});
  if constexpr (Cx::recording)
    if (!cx.evaluating()) {
      if (x.rows() < 2) raise(ShapeError{"batch_norm", "values per channel in training", "2 or more", x.rows()});
      const auto y = cx.apply(BatchNormOp{p.epsilon}, x.rows(), Size<N>{x.cols()}, x, p.weight, p.bias);
      cx.collect(y, {p.running_mean.view(), p.running_var.view(), p.num_batches_tracked.view(), p.momentum});
      return y;
    }
  return cx.apply(RunningBatchNormOp<T>{p.running_mean.data, p.running_var.data, p.epsilon}, x.rows(),
                  Size<N>{x.cols()}, x, p.weight, p.bias);
}

}  // namespace clip::inline CLIP_ABI

// clip/ops/fold_batch_norm.hpp: running statistics of a batch norm as scale and shift, for inference.
#pragma once

#include <clip/ops/batch_norm.hpp>

#include <string_view>

namespace clip::inline CLIP_ABI {

/// (scale, shift) with  scale = γ/√(σ² + ε),  shift = β - μ scale:  y = scale ⊙ x + shift
/// Naive: backend/naive/batch_norm.hpp
struct FoldBatchNormOp {
  static constexpr std::string_view name = "fold_batch_norm";
  double epsilon;

  template <class T>
  void forward(auto& b, In<T> gain, In<T> bias, In<T> mean, In<T> variance, Out<T> y, Saved<T>) const {
    b.fold_batch_norm(mean, variance, gain, bias, epsilon, y);
  }
};

/// Running statistics as the epilogue of a product applies them: (2, N), scale and shift.
/// N may be left out: rows of run-time width convert to any.
template <Index N = dyn, class Cx>
Rows<Cx, N> fold_batch_norm(Cx& cx, const BatchNormWeights<typename Cx::Scalar>& p) {
  static_assert(ConvolvingBackend<BackendOf<Cx>>,
                "fold_batch_norm: this backend has no batch norms (backend/convolving.hpp)");
  return cx.apply(FoldBatchNormOp{p.epsilon}, 2, Size<N>{p.weight.count()}, p.weight, p.bias, p.running_mean,
                  p.running_var);
}

}  // namespace clip::inline CLIP_ABI

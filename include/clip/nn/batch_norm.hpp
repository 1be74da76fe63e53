// clip/nn/batch_norm.hpp: batch normalisation over channels (Ioffe & Szegedy 2015), and convolution with batch norm.
#pragma once

#include <clip/nn/convolution.hpp>
#include <clip/ops/fold_batch_norm.hpp>
#include <clip/ops/pointwise.hpp>

#include <type_traits>

namespace clip::inline CLIP_ABI {

/// y = (x - μ)/√(σ² + ε) weight + bias, per channel          x, y : (rows, Width)
/// Training uses μ and σ² of the batch, and Tape::commit() updates the running statistics; evaluation uses the running
/// statistics. Statistics and counter are saved with the model and are never in a table of parameters.
template <Backend B, Index Width>
struct BatchNorm {
  using T = typename B::Scalar;
  [[no_unique_address]] Size<Width> width{};
  double epsilon;
  Parameter<T> weight{{width}, Init::ones()};
  Parameter<T> bias{{width}, Init::zeros()};
  Parameter<T> running_mean{{width}, Init::zeros()};
  Parameter<T> running_var{{width}, Init::ones()};
  Parameter<T> num_batches_tracked{{}, Init::zeros()};

  constexpr BatchNorm(Size<Width> width_, double epsilon_) : width{width_}, epsilon{epsilon_} {
    running_mean.kind = running_var.kind = ParameterKind::buffer;
    num_batches_tracked.kind = ParameterKind::counter;
  }

  static constexpr void members(auto& self, auto&& visit) {
    visit("weight", self.weight);
    visit("bias", self.bias);
    visit("running_mean", self.running_mean);
    visit("running_var", self.running_var);
    visit("num_batches_tracked", self.num_batches_tracked);
  }

  template <class Cx, Index W>
  Rows<Cx, Width> operator()(Cx& cx, Rows<Cx, W> x) const {
    static_assert(compatible(W, Width), "batch_norm: input width differs from the layer's");
    return batch_norm(cx, Rows<Cx, Width>{x}, parameters());
  }

  /// (2, Width): the running statistics as one scale and one shift per channel. Inference only.
  template <class Cx>
  Rows<Cx, Width> folded(Cx& cx) const {
    return fold_batch_norm<Width>(cx, parameters());
  }

 private:
  BatchNormWeights<T> parameters() const {
    return {weight, bias, running_mean, running_var, num_batches_tracked, epsilon};
  }
};

/// f(norm(conv(x)) + shortcut); the shortcut may be `absent`. A tape records separate, differentiable ops. Inference
/// folds the norm into the convolution, applies norm, shortcut and f while it stores the result, and writes the result
/// over the shortcut.          conv : a Convolution, or a dense AnyConvolution
template <class F, class Cx, class Conv, Backend B, Index Out, Index W, class Shortcut = Absent>
Rows<Cx, Out> conv_norm(Cx& cx, F f, const Conv& conv, const BatchNorm<B, Out>& norm, Rows<Cx, W> x, Grid grid,
                        const Shortcut& shortcut = {}) {
  if constexpr (Cx::recording) {
    auto y = norm(cx, conv(cx, x, grid));
    if constexpr (!std::is_same_v<Shortcut, Absent>) y = add(cx, y, shortcut);
    if constexpr (!std::is_same_v<F, fn::Identity>) y = map(cx, f, y);
    return y;
  } else {
    return conv.folded(cx, f, x, grid, norm.folded(cx), shortcut);
  }
}

}  // namespace clip::inline CLIP_ABI

// clip/nn/batch_norm.hpp: batch norm over the channels (Ioffe & Szegedy 2015), and a convolution followed by it.
#pragma once

#include <clip/nn/convolution.hpp>
#include <clip/ops/fold_batch_norm.hpp>
#include <clip/ops/pointwise.hpp>

#include <type_traits>

namespace clip::inline CLIP_ABI {

/// y = (x - μ)/√(σ² + ε) weight + bias, channel by channel          x, y : (rows, Width)
/// In training μ and σ² are the batch's; Tape::commit() moves the running statistics towards them. Otherwise they are the
/// running ones. Statistics and counter are stored with the model and are never in a table of parameters.
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

  /// (2, Width): what the running statistics come to, a factor and a shift per channel. Inference only.
  template <class Cx>
  Rows<Cx, Width> folded(Cx& cx) const {
    return fold_batch_norm<Width>(cx, parameters());
  }

 private:
  BatchNormWeights<T> parameters() const {
    return {weight, bias, running_mean, running_var, num_batches_tracked, epsilon};
  }
};

/// f(norm(conv(x)) + shortcut); the shortcut may be `absent`. On a tape these are ops that are differentiated one by one; in
/// inference the norm is folded into the convolution, everything is applied as its result is stored, and that takes the shortcut's place.
template <class F, class Cx, Backend B, Index In, Index Out, Index Kernel, Index W, class Shortcut = Absent>
Rows<Cx, Out> conv_norm(Cx& cx, F f, const Convolution<B, In, Out, Kernel>& conv, const BatchNorm<B, Out>& norm,
                        Rows<Cx, W> x, Grid grid, const Shortcut& shortcut = {}) {
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

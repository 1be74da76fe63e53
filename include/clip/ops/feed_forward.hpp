// clip/ops/feed_forward.hpp: second half of a pre-norm residual block in one step, for inference.
#pragma once

#include <clip/autograd/context.hpp>
#include <clip/backend/composed.hpp>

#include <string_view>

namespace clip::inline CLIP_ABI {

/// y = x + w2 f(w1 x̂ + b1) + b2, x̂ the layer norm of x          x, y : (m, k); y may be x
/// Naive: backend/naive/feed_forward.hpp
/// `normed` : (m, k) and `hidden` : (m, h) are scratch.
template <class F, class T>
struct FeedForwardOp {
  static constexpr std::string_view name = "feed_forward";
  double epsilon;
  Out<T> normed, hidden;

  template <class B>
  void forward(B& b, In<T> x, In<T> gain, In<T> bias, Weights<T> w1, In<T> b1, Weights<T> w2, In<T> b2, Out<T> y,
               Saved<T>) const {
    const FeedForward<T> mlp{gain, bias, epsilon, w1, b1, w2, b2};
    if constexpr (FusingBackend<B>) b.feed_forward(x, mlp, F{}, normed, hidden, y);
    else composed::feed_forward(b, x, mlp, F{}, normed, hidden, y);
  }
};

/// x + w2 f(w1 x̂ + b1) + b2, written to x. Inference only.          gain, bias : (k), w1 : (h, k), w2 : (k, h)
template <class F, class Cx, Index W>
Rows<Cx, W> feed_forward(Cx& cx, Rows<Cx, W> x, const Parameter<typename Cx::Scalar>& gain,
                         const Parameter<typename Cx::Scalar>& bias, double epsilon,
                         const Parameter<typename Cx::Scalar>& w1, const Parameter<typename Cx::Scalar>& b1,
                         const Parameter<typename Cx::Scalar>& w2, const Parameter<typename Cx::Scalar>& b2) {
  const auto normed = cx.allocate(x.rows(), Size<W>{x.cols()});
  const auto hidden = cx.allocate(x.rows(), Size<dyn>{b1.count()});
  return cx.apply_onto(FeedForwardOp<F, typename Cx::Scalar>{epsilon, normed.view, hidden.view}, x, x, gain, bias, w1,
                       b1, w2, b2);
}

}  // namespace clip::inline CLIP_ABI

// clip/ops/feed_forward.hpp: the second half of a pre-norm residual block in one step, where nothing is kept of it.
#pragma once

#include <clip/autograd/context.hpp>
#include <clip/backend/concept.hpp>

#include <string_view>

namespace clip::inline CLIP_ABI {

/// x + w2 f(w1 x̂ + b1) + b2, x̂ the layer norm of x, in the place of x : (m, k). For inference: no derivative.
/// `normed` and `hidden` are room for what lies between.
template <class F, class T>
struct FeedForwardOp {
  static constexpr std::string_view name = "feed_forward";
  double epsilon;
  Out<T> normed, hidden;

  void forward(auto& b, In<T> gain, In<T> bias, Weights<T> w1, In<T> b1, Weights<T> w2, In<T> b2, Out<T> x,
               Saved<T>) const {
    b.feed_forward(x, FeedForward<T>{gain, bias, epsilon, w1, b1, w2, b2}, F{}, normed, hidden, x);
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
  return cx.apply_onto(FeedForwardOp<F, typename Cx::Scalar>{epsilon, normed.view, hidden.view}, x, gain, bias, w1, b1,
                       w2, b2);
}

}  // namespace clip::inline CLIP_ABI

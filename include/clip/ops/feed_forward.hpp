// clip/ops/feed_forward.hpp: two linear layers of a residual block in one step, for inference.
#pragma once

#include <clip/autograd/context.hpp>
#include <clip/backend/composed.hpp>
#include <clip/backend/convolving.hpp>

#include <string_view>

namespace clip::inline CLIP_ABI {

namespace detail {
template <class F, class B, class T>
void feed_forward(B& b, In<T> x, const FeedForward<T>& mlp, Out<T> normed, Out<T> hidden, Out<T> y) {
  if constexpr (FusingBackend<B>) b.feed_forward(x, mlp, F{}, normed, hidden, y);
  else composed::feed_forward(b, x, mlp, F{}, normed, hidden, y);
}
}  // namespace detail

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
    detail::feed_forward<F>(b, x, FeedForward<T>{gain, bias, epsilon, w1, b1, w2, b2, {}, x}, normed, hidden, y);
  }
};

/// y = residual + γ ⊙ (w2 f(w1 x + b1) + b2)          x, residual, y : (m, k); y may be either
/// Naive: backend/naive/feed_forward.hpp
/// `hidden` : (m, h) and `shift` : (1, k) are scratch.
template <class F, class T>
struct ScaledMlpOp {
  static constexpr std::string_view name = "scaled_mlp";
  Out<T> hidden, shift;

  template <class B>
  void forward(B& b, In<T> x, Weights<T> w1, In<T> b1, Weights<T> w2, In<T> b2, In<T> gamma, In<T> residual, Out<T> y,
               Saved<T>) const {
    const In<T> scale{gamma.data, 1, x.cols};
    b.gate(b2, scale, In<T>{}, shift);
    detail::feed_forward<F>(b, x, FeedForward<T>{{}, {}, 0, w1, b1, w2, shift, scale, residual}, Out<T>{}, hidden, y);
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

/// residual + γ ⊙ (w2 f(w1 x + b1) + b2), written to y, which may be x, the residual or rows that are dead. Inference
/// only.          w1 : (h, k), w2 : (k, h), gamma : (k) or (k, 1, 1)
template <class F, class Cx, Index W>
Rows<Cx, W> scaled_mlp(Cx& cx, Rows<Cx, W> x, const Parameter<typename Cx::Scalar>& w1,
                       const Parameter<typename Cx::Scalar>& b1, const Parameter<typename Cx::Scalar>& w2,
                       const Parameter<typename Cx::Scalar>& b2, const Parameter<typename Cx::Scalar>& gamma,
                       Rows<Cx, W> residual, Rows<Cx, W> y) {
  static_assert(ConvolvingBackend<BackendOf<Cx>>, "scaled_mlp: this backend has no gates (backend/convolving.hpp)");
  const auto hidden = cx.allocate(x.rows(), Size<dyn>{b1.count()});
  const auto shift = cx.allocate(1, Size<W>{x.cols()});
  return cx.apply_onto(ScaledMlpOp<F, typename Cx::Scalar>{hidden.view, shift.view}, y, x, w1, b1, w2, b2, gamma,
                       residual);
}

}  // namespace clip::inline CLIP_ABI

// clip/backend/naive/feed_forward.hpp: second half of a pre-norm residual block: a norm and two products.
#pragma once

#include <clip/backend/fusing.hpp>
#include <clip/backend/naive/norms.hpp>
#include <clip/backend/naive/products.hpp>

namespace clip::inline CLIP_ABI {

template <class T>
struct NaiveFeedForward {
  /// y = x + w2 f(w1 x̂ + b1) + b2, x̂ the layer norm of x
  template <class F>
  void feed_forward(In<T> x, const FeedForward<T>& mlp, F f, Out<T> normed, Out<T> hidden, Out<T> y) {
    NaiveNorms<T>{}.layer_norm(x, mlp.gain, mlp.bias, mlp.epsilon, normed, Saved<T>{});
    NaiveProducts<T>{}.linear(normed, mlp.w1, Epilogue<T, F>{.bias = mlp.b1, .activation = f}, hidden);
    NaiveProducts<T>{}.linear(hidden, mlp.w2, Epilogue<T>{.bias = mlp.b2, .residual = x}, y);
  }
};

}  // namespace clip::inline CLIP_ABI

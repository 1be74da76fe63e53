// clip/backend/naive/feed_forward.hpp: a norm, or none, and two products.
#pragma once

#include <clip/backend/fusing.hpp>
#include <clip/backend/naive/norms.hpp>
#include <clip/backend/naive/products.hpp>

namespace clip::inline CLIP_ABI {

template <class T>
struct NaiveFeedForward {
  /// y = residual + scale ⊙ (w2 f(w1 x̂ + b1)) + b2, x̂ the layer norm of x, or x where the norm is absent
  template <class F>
  void feed_forward(In<T> x, const FeedForward<T>& mlp, F f, Out<T> normed, Out<T> hidden, Out<T> y) {
    if (mlp.gain) NaiveNorms<T>{}.layer_norm(x, mlp.gain, mlp.bias, mlp.epsilon, normed, Saved<T>{});
    NaiveProducts<T>{}.linear(mlp.gain ? In<T>{normed} : x, mlp.w1, Epilogue<T, F>{.bias = mlp.b1, .activation = f},
                              hidden);
    NaiveProducts<T>{}.linear(hidden, mlp.w2, Epilogue<T>{.bias = mlp.b2, .residual = mlp.residual, .scale = mlp.scale},
                              y);
  }
};

}  // namespace clip::inline CLIP_ABI

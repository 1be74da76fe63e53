// clip/backend/cuda/kernels/feed_forward.cuh: a norm, or none, and two products.
#pragma once

#include <clip/backend/cuda/kernels/dispatch.cuh>
#include <clip/backend/cuda/kernels/norms.cuh>
#include <clip/backend/cuda/kernels/products.cuh>

namespace clip_cuda::kernels {

/// y = residual + scale ⊙ (w2 f(w1 x̂ + b1)) + b2
template <class T>
void feed_forward(Work& work, In<T> x, const FeedForward<T>& mlp, Function f, Out<T> normed, Out<T> hidden, Out<T> y) {
  if (mlp.gain) layer_norm<T>(work, x, mlp.gain, mlp.bias, mlp.epsilon, normed, {});
  linear<T>(work, mlp.gain ? In<T>{normed} : x, mlp.w1, {mlp.b1, f, {}, {}, {}, {}}, hidden);
  linear<T>(work, hidden, mlp.w2, {mlp.b2, {Function::Name::identity}, {}, mlp.residual, mlp.scale, {}}, y);
}

}  // namespace clip_cuda::kernels

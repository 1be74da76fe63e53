// clip/backend/cuda/functions.hpp: pointwise functions as numbers, under which they cross to device code.
#pragma once

#include <clip/backend/cuda/launch.hpp>
#include <clip/core/elementary.hpp>
#include <clip/core/margin_functions.hpp>
#include <clip/core/pointwise.hpp>

namespace clip::inline CLIP_ABI::detail {

// One line per functor that device code knows.
#define CLIP_CUDA_FUNCTION_NUMBER(Functor, number) \
  inline clip_cuda::Function cuda_function(const fn::Functor&) { return {clip_cuda::Function::Name::number}; }
CLIP_CUDA_FUNCTION_NUMBER(Identity, identity)
CLIP_CUDA_FUNCTION_NUMBER(Relu, relu)
CLIP_CUDA_FUNCTION_NUMBER(QuickGelu, quick_gelu)
CLIP_CUDA_FUNCTION_NUMBER(Gelu, gelu)
CLIP_CUDA_FUNCTION_NUMBER(GeluTanh, gelu_tanh)
CLIP_CUDA_FUNCTION_NUMBER(Logistic, logistic)
CLIP_CUDA_FUNCTION_NUMBER(Tanh, tanh)
CLIP_CUDA_FUNCTION_NUMBER(Exponential, exponential)
CLIP_CUDA_FUNCTION_NUMBER(Reciprocal, reciprocal)
CLIP_CUDA_FUNCTION_NUMBER(InverseLength, inverse_length)
CLIP_CUDA_FUNCTION_NUMBER(HalfSquare, half_square)
#undef CLIP_CUDA_FUNCTION_NUMBER

inline clip_cuda::Function cuda_function(const fn::WeightedSoftplus& f) {
  return {clip_cuda::Function::Name::weighted_softplus, f.weight, f.negated ? 1.0 : 0.0};
}
inline clip_cuda::Function cuda_function(const fn::SlopeOf<fn::WeightedSoftplus>& f) {
  return {clip_cuda::Function::Name::slope_of_weighted_softplus, f.of.weight, f.of.negated ? 1.0 : 0.0};
}
inline clip_cuda::Function cuda_function(const fn::Times& f) { return {clip_cuda::Function::Name::times, f.factor}; }
inline clip_cuda::Function cuda_function(const fn::Affinity& f) {
  return {clip_cuda::Function::Name::affinity, f.beta};
}
inline clip_cuda::Function cuda_function(const fn::Hinge& f) { return {clip_cuda::Function::Name::hinge, f.margin}; }
inline clip_cuda::Function cuda_function(const fn::SquaredShortfall& f) {
  return {clip_cuda::Function::Name::squared_shortfall, f.margin};
}

/// A function of the library; any other is the user's own, and a device object of the program has its kernels.
template <class F>
concept KnownToCuda = requires(const F& f) {
  cuda_function(f);
};

}  // namespace clip::inline CLIP_ABI::detail

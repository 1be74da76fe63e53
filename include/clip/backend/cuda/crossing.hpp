// clip/backend/cuda/crossing.hpp: arguments of primitives as the plain values that cross to device code.
#pragma once

#include <clip/backend/concept.hpp>
#include <clip/backend/convolving.hpp>
#include <clip/backend/cuda/functions.hpp>
#include <clip/backend/fusing.hpp>
#include <clip/core/error.hpp>

#include <type_traits>
#include <utility>

namespace clip::inline CLIP_ABI::detail {

template <class T>
inline constexpr clip_cuda::Type cuda_type = std::is_same_v<T, double> ? clip_cuda::Type::f64 : clip_cuda::Type::f32;

/// A number crosses as it is.
template <class X>
  requires std::is_arithmetic_v<X> X cuda_value(X x) { return x; }

template <class T>
clip_cuda::Matrix cuda_value(const View<T>& x) {
  using Value = std::remove_const_t<T>;
  return {const_cast<Value*>(x.data), x.rows, x.cols, x.stride, cuda_type<Value>};
}
template <class T>
clip_cuda::Matrix cuda_value(const Weights<T>& w) {
  if (w.layout != Layout::rows)
    raise(OptionError{"cuda", "layout of weights", "row-major", static_cast<int>(w.layout)});
  return cuda_value(View<const T>{w});
}
template <class T>
clip_cuda::Sum cuda_value(const Acc<T>& x) {
  return {cuda_value(View<T>{x}), x.fresh};
}

template <KnownToCuda F>
clip_cuda::Function cuda_value(const F& f) {
  return cuda_function(f);
}
template <class T, class F>
clip_cuda::ProductEpilogue cuda_value(const Epilogue<T, F>& epilogue) {
  const auto& [bias, f, before, residual, scale, shortcut] = epilogue;  // does not compile when another part is added
  return {cuda_value(bias),     cuda_value(f),     cuda_value(before),
          cuda_value(residual), cuda_value(scale), cuda_value(shortcut)};
}
template <class T>
clip_cuda::FeedForwardBlock cuda_value(const FeedForward<T>& mlp) {
  const auto& [gain, bias, epsilon, w1, b1, w2, b2, scale, residual] = mlp;
  return {cuda_value(gain), cuda_value(bias), epsilon,           cuda_value(w1),      cuda_value(b1),
          cuda_value(w2),   cuda_value(b2),   cuda_value(scale), cuda_value(residual)};
}

inline clip_cuda::Sequences cuda_value(const Sequences& s) {
  static_assert(sizeof(Segment) == sizeof(clip_cuda::Segment) && std::is_same_v<Index, clip_cuda::Index>);
  return {s.segments().data(), s.count(), s.pooled().data(), static_cast<Index>(s.pooled().size())};
}
inline clip_cuda::Ids cuda_value(const Ids& ids) { return {ids.data(), static_cast<Index>(ids.size())}; }
inline clip_cuda::AttentionPattern cuda_value(const AttentionPattern& p) { return {p.heads, p.causal, p.pooled}; }
inline clip_cuda::Grid cuda_value(const Grid& g) { return {g.images, g.height, g.width}; }
inline clip_cuda::Window cuda_value(const Window& w) { return {w.size, w.stride, w.padding}; }
inline clip_cuda::CentredWindow cuda_value(const CentredWindow& w) { return {w.height, w.width, w.stride}; }
inline clip_cuda::Axis cuda_value(Axis axis) {
  return axis == Axis::rows ? clip_cuda::Axis::rows : clip_cuda::Axis::columns;
}
template <class T>
clip_cuda::WeightUpdates cuda_value(const UpdateTable<T>& table) {
  static_assert(sizeof(WeightUpdate<T>) == sizeof(clip_cuda::WeightUpdate));
  return {table.weights.data(), static_cast<Index>(table.weights.size()), cuda_type<T>};
}
inline clip_cuda::StepNumbers* cuda_value(StepNumbers* numbers) {
  static_assert(sizeof(StepNumbers) == sizeof(clip_cuda::StepNumbers));
  return reinterpret_cast<clip_cuda::StepNumbers*>(numbers);
}
inline const clip_cuda::StepNumbers* cuda_value(const StepNumbers* numbers) {
  return reinterpret_cast<const clip_cuda::StepNumbers*>(numbers);
}
inline clip_cuda::AdamwStep cuda_value(const AdamwStep& s) {
  const auto& [rate, beta1, beta2, epsilon, correction1, correction2] = s;
  return {rate, beta1, beta2, epsilon, correction1, correction2};
}
inline clip_cuda::SgdStep cuda_value(const SgdStep& s) {
  const auto& [rate, momentum, first] = s;
  return {rate, momentum, first};
}

/// Raises what a call has left, if anything.
inline void check(const char* place, const clip_cuda::Failure& failure) {
  using Code = clip_cuda::Failure::Code;
  if (failure.code == Code::none) return;
  SystemError error{place, failure.text};
  switch (failure.code) {
    case Code::driver: raise(std::move(error).with_id("clip.system.driver"));
    case Code::device: raise(std::move(error).with_id("clip.system.device"));
    case Code::version: raise(std::move(error).with_id("clip.system.headers"));
    case Code::memory: raise(std::move(error).with_id("clip.system.memory"));
    default: raise(std::move(error).with_id("clip.system.launch"));
  }
}

}  // namespace clip::inline CLIP_ABI::detail

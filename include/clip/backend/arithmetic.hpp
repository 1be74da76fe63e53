// clip/backend/arithmetic.hpp: precision of matrix products, and backends that can reduce it.
#pragma once

#include <clip/core/scalar.hpp>

#include <concepts>
#include <string>

namespace clip::inline CLIP_ABI {

/// What products of rows with row-major weights are computed in. In bfloat16 both sides are rounded to it and summed in
/// float, where the machine has dot products of that type; otherwise, and for double, nothing changes.
enum class Arithmetic : unsigned char { full, bfloat16 };

/// A backend whose products may round their inputs.
template <class B>
concept ReducingBackend = requires(const B& b) {
  { b.in_full() } -> std::same_as<B>;            // the same memory and threads, products in full precision
  { b.numbers() } -> std::same_as<std::string>;  // "float32, products in bfloat16"
};

/// The backend with products in full precision.
template <class B>
decltype(auto) in_full(B& b) {
  if constexpr (ReducingBackend<B>) return b.in_full();
  else return (b);
}

/// What a backend computes in: "float32", or "float32, products in bfloat16".
template <class B>
std::string numbers_of(const B& b) {
  if constexpr (ReducingBackend<B>) return b.numbers();
  else return std::string(ScalarTraits<typename B::Scalar>::name);
}

}  // namespace clip::inline CLIP_ABI

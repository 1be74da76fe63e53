// clip/core/scalar.hpp: the arithmetic types and the only tolerances of the project.
#pragma once

#include <clip/core/abi.hpp>

#include <string_view>

namespace clip::inline CLIP_ABI {

/// How far results may lie apart, per arithmetic type.
///   value:    features and losses against a reference implementation that sums in another order
///   gradient: max|Δ| / max(max|reference|, 1e-3 of the largest gradient norm)
///   training: losses of the first optimiser steps
///   backend:  one primitive on two backends, relative to the largest magnitude involved
template <class T>
struct ScalarTraits;

template <>
struct ScalarTraits<float> {
  static constexpr std::string_view name = "float32";
  static constexpr double value_tolerance = 1e-5;
  static constexpr double gradient_tolerance = 1e-4;
  static constexpr double training_tolerance = 1e-4;
  static constexpr double backend_tolerance = 2e-5;
};

template <>
struct ScalarTraits<double> {
  static constexpr std::string_view name = "float64";
  static constexpr double value_tolerance = 1e-10;
  static constexpr double gradient_tolerance = 1e-8;
  static constexpr double training_tolerance = 1e-9;
  static constexpr double backend_tolerance = 1e-12;
  /// Finite differences in double: step and the error they may show.
  static constexpr double difference_step = 1e-5;
  static constexpr double difference_tolerance = 2e-7;
};

/// What rounding to a small type costs: of a value itself in the 16-bit types, of the largest value scaled with it in eight bits.
inline constexpr double half_rounding = 0x1p-11, bfloat16_rounding = 0x1p-8, int8_rounding = 0.5 / 127;

/// Cosines of features computed with weights of a small type to those in float, at least.
inline constexpr double bfloat16_cosine = 0.9995, int8_cosine = 0.995;

}  // namespace clip::inline CLIP_ABI

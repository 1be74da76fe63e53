// clip/core/scalar.hpp: arithmetic types and the test tolerances of each (the only place that defines tolerances).
#pragma once

#include <clip/core/abi.hpp>

#include <string_view>

namespace clip::inline CLIP_ABI {

/// Tolerances per arithmetic type.
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
  /// Finite differences in double: the step and the tolerance of the result.
  static constexpr double difference_step = 1e-5;
  static constexpr double difference_tolerance = 2e-7;
};

/// Rounding error of the small types: relative to the value itself for the 16-bit types, relative to the largest value
/// of the same scale for int8.
inline constexpr double half_rounding = 0x1p-11, bfloat16_rounding = 0x1p-8, int8_rounding = 0.5 / 127;

/// Lower bound of the cosine between features computed with weights of a small type and features computed with float
/// weights.
inline constexpr double bfloat16_cosine = 0.9995, int8_cosine = 0.995;

}  // namespace clip::inline CLIP_ABI

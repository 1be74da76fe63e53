// tests/support/grouping.hpp: comparison of results whose work was grouped differently.
#pragma once

#include <clip/core/scalar.hpp>

#include <algorithm>
#include <cmath>
#include <span>

namespace clip::testing {

/// Whether two results of the same values, alone or among others, agree as the backend promises: bit for bit, or within
/// its tolerance.
template <class B>
bool agree_in_any_group(std::span<const typename B::Scalar> a, std::span<const typename B::Scalar> b) {
  if constexpr (B::grouping_keeps_bits) return std::ranges::equal(a, b);
  double largest = 1, difference = a.size() == b.size() ? 0 : INFINITY;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    const double d = std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
    difference = std::max(difference, std::isnan(d) ? INFINITY : d);
    largest = std::max(largest, std::abs(static_cast<double>(b[i])));
  }
  return difference <= ScalarTraits<typename B::Scalar>::backend_tolerance * largest;
}

}  // namespace clip::testing

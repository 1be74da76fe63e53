// tests/support/rounding.hpp: error bounds of products with weights of a small type.
#pragma once

#include <clip/backend/cpu/weights/layouts.hpp>
#include <clip/core/scalar.hpp>

#include <algorithm>
#include <cmath>

namespace clip::testing {

/// The largest rounding error of a value in a product with weights of this layout; `most` is the
/// row's largest magnitude.
inline double lost(Layout layout, bool weight, double value, double most) {
  if (layout == CpuLayout::half_panels) return weight ? half_rounding * value : 0;
  return layout == CpuLayout::int8_panels ? int8_rounding * most : bfloat16_rounding * value;
}

/// The number of values of y that are NaN, or farther from x wᵀ than rounding x and w to the layout's type explains.
template <class T>
Index beyond_rounding(Layout layout, In<T> x, In<T> w, In<T> y) {
  const auto largest = [&](const T* row) {
    double most = 0;
    for (Index l = 0; l < x.cols; ++l) most = std::max(most, std::abs(static_cast<double>(row[l])));
    return most;
  };
  Index beyond = 0;
  for (Index i = 0; i < y.rows; ++i)
    for (Index j = 0; j < y.cols; ++j) {
      const double most_x = largest(x.row(i)), most_w = largest(w.row(j));
      double exact = 0, allowed = 0;  // what rounding each factor may add, and both
      for (Index l = 0; l < x.cols; ++l) {
        exact += static_cast<double>(x(i, l)) * static_cast<double>(w(j, l));
        const double a = std::abs(static_cast<double>(x(i, l))), b = std::abs(static_cast<double>(w(j, l)));
        const double off_a = lost(layout, false, a, most_x), off_b = lost(layout, true, b, most_w);
        allowed += off_a * b + off_b * a + off_a * off_b + ScalarTraits<float>::backend_tolerance * a * b;
      }
      if (!(std::abs(static_cast<double>(y(i, j)) - exact) <= allowed)) ++beyond;
    }
  return beyond;
}

}  // namespace clip::testing

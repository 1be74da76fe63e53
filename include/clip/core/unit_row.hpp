// clip/core/unit_row.hpp: rows of unit length whose sums of squares leave the range of their type.
#pragma once

#include <clip/core/size.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace clip::inline CLIP_ABI::detail {

/// Whether a row's plain sum of squares has overflowed, or is so small that its terms lost digits. False for NaN.
template <class T>
bool out_of_range(T squares) {
  using Limits = std::numeric_limits<T>;
  return squares > Limits::max() || squares < Limits::min() / Limits::epsilon();
}

/// y = x / |x| by way of x / max |x|, for rows with such a sum; returns |x|. As the plain way, gives NaN for rows of
/// zeros and for rows that are not finite. x and y may be the same row.
template <class T>
T scaled_unit_row(const T* x, T* y, Index n) {
  T most = 0, squares = 0;
  for (Index j = 0; j < n; ++j) most = std::max(most, std::abs(x[j]));
  for (Index j = 0; j < n; ++j) squares += (x[j] / most) * (x[j] / most);
  const T length = std::sqrt(squares);
  for (Index j = 0; j < n; ++j) y[j] = x[j] / most / length;
  return most * length;
}

}  // namespace clip::inline CLIP_ABI::detail

// clip/core/cosine.hpp: cosine of the angle between two vectors.
#pragma once

#include <clip/core/abi.hpp>

#include <cmath>
#include <cstddef>
#include <span>

namespace clip::inline CLIP_ABI::detail {

/// In double, of vectors of one length; NaN if one of them is zero.
template <class A, class B>
double cosine(std::span<const A> a, std::span<const B> b) {
  double ab = 0, aa = 0, bb = 0;
  for (std::size_t k = 0; k < a.size(); ++k) {
    const auto x = static_cast<double>(a[k]), y = static_cast<double>(b[k]);
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return ab / std::sqrt(aa * bb);
}

}  // namespace clip::inline CLIP_ABI::detail

// clip/task/top.hpp: indices of the k largest values.
#pragma once

#include <clip/core/size.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <span>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Indices of the k largest values (of all, if there are fewer), in descending order, equal values by index, NaN last.
/// OptionError: k below 1.
template <class T>
std::vector<Index> top(std::span<const T> values, Index k) {
  if (k < 1) raise(OptionError{"top", "k", "1 or more", k});
  std::vector<Index> indices(values.size());
  std::iota(indices.begin(), indices.end(), Index{0});
  const auto before = [&](Index i, Index j) {
    const T a = values[static_cast<std::size_t>(i)], b = values[static_cast<std::size_t>(j)];
    if (std::isnan(a) || std::isnan(b)) return std::isnan(a) == std::isnan(b) ? i < j : std::isnan(b);
    return a > b || (a == b && i < j);
  };
  const Index n = std::min(k, static_cast<Index>(indices.size()));
  std::partial_sort(indices.begin(), indices.begin() + n, indices.end(), before);
  indices.resize(static_cast<std::size_t>(n));
  return indices;
}

}  // namespace clip::inline CLIP_ABI

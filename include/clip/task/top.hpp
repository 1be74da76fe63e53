// clip/task/top.hpp: the largest of many values.
#pragma once

#include <clip/core/size.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <span>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Places of the k largest values (of all, where there are fewer), the largest first and the first of equals before the others;
/// what is not a number comes last. OptionError: k below 1.
template <class T>
std::vector<Index> top(std::span<const T> values, Index k) {
  if (k < 1) raise(OptionError{"top", "k", "1 or more", k});
  std::vector<Index> places(values.size());
  std::iota(places.begin(), places.end(), Index{0});
  const auto before = [&](Index i, Index j) {
    const T a = values[static_cast<std::size_t>(i)], b = values[static_cast<std::size_t>(j)];
    if (std::isnan(a) || std::isnan(b)) return std::isnan(a) == std::isnan(b) ? i < j : std::isnan(b);
    return a > b || (a == b && i < j);
  };
  const Index n = std::min(k, static_cast<Index>(places.size()));
  std::partial_sort(places.begin(), places.begin() + n, places.end(), before);
  places.resize(static_cast<std::size_t>(n));
  return places;
}

}  // namespace clip::inline CLIP_ABI

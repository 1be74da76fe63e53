// clip/core/nearest.inl.hpp: definitions of clip/core/nearest.hpp.
#pragma once

#include <clip/core/nearest.hpp>

#include <algorithm>
#include <utility>

namespace clip::inline CLIP_ABI {

namespace detail {

/// Edit distance (Levenshtein 1966) of a name to the nearest string that fits `wanted`.
CLIP_HOST std::size_t edit_distance(std::string_view wanted, std::string_view name) {
  std::vector<std::size_t> row(name.size() + 1), next(row.size());  // from the part of `wanted` read to each prefix
  for (std::size_t j = 0; j < row.size(); ++j) row[j] = j;
  for (const char c : wanted) {
    next[0] = row[0] + (c == '*' ? 0 : 1);
    for (std::size_t j = 1; j < row.size(); ++j)
      next[j] = c == '*' ? std::min(row[j], next[j - 1])
                         : std::min({row[j] + 1, next[j - 1] + 1, row[j - 1] + (c == '?' || c == name[j - 1] ? 0 : 1)});
    std::swap(row, next);
  }
  return row.back();
}

}  // namespace detail

CLIP_HOST std::vector<std::string_view> nearest_names(std::string_view wanted, std::span<const std::string_view> names,
                                                      std::size_t count) {
  const std::string part = "*" + std::string(wanted) + "*";
  std::vector<std::pair<std::size_t, std::string_view>> ranked;
  for (const std::string_view name : names)
    ranked.emplace_back(std::min(detail::edit_distance(wanted, name), detail::edit_distance(part, name) + 1), name);
  std::ranges::stable_sort(ranked, {}, &std::pair<std::size_t, std::string_view>::first);
  std::vector<std::string_view> nearest;
  for (std::size_t i = 0; i < std::min(count, ranked.size()); ++i) nearest.push_back(ranked[i].second);
  return nearest;
}

CLIP_HOST std::string in_words(std::span<const std::string_view> names) {
  std::string words;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) words += i + 1 < names.size() ? ", " : " and ";
    words += names[i];
  }
  return words;
}

}  // namespace clip::inline CLIP_ABI

// clip/few_shot/result.inl.hpp: definitions of clip/few_shot/result.hpp.
#pragma once

#include <clip/few_shot/result.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace clip::inline CLIP_ABI {

CLIP_HOST MeanAndDeviation mean_and_deviation(std::span<const double> values) {
  const auto n = static_cast<double>(values.size());
  double sum = 0, squares = 0;
  for (const double x : values) sum += x;
  MeanAndDeviation result{sum / n, {}};
  if (values.size() < 2) return result;
  for (const double x : values) squares += (x - result.mean) * (x - result.mean);
  result.deviation = std::sqrt(squares / (n - 1));
  return result;
}

CLIP_HOST std::vector<FewShotCell> few_shot_cells(std::span<const FewShotResult> results) {
  std::vector<std::string> methods;
  std::map<std::pair<std::size_t, Index>, std::vector<Accuracies>> cells;
  for (const FewShotResult& result : results) {
    const auto known = std::ranges::find(methods, result.method);
    const auto method = static_cast<std::size_t>(known - methods.begin());
    if (known == methods.end()) methods.push_back(result.method);
    cells[{method, result.shots}].push_back(result.accuracies);
  }
  std::vector<FewShotCell> list;
  for (const auto& [key, all] : cells) {
    std::vector<double> top1, mean_per_class;
    for (const Accuracies& one : all) {
      top1.push_back(one.top1);
      mean_per_class.push_back(one.mean_per_class);
    }
    list.push_back({methods[key.first], key.second, static_cast<Index>(all.size()), mean_and_deviation(top1),
                    mean_and_deviation(mean_per_class)});
  }
  return list;
}

}  // namespace clip::inline CLIP_ABI

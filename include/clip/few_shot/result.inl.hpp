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

CLIP_HOST Accuracies accuracies(View<const float> scores, std::span<const std::int32_t> labels) {
  if (static_cast<Index>(labels.size()) != scores.rows || labels.empty())
    raise(ShapeError{"accuracies", "labels of the scores", std::max<Index>(scores.rows, 1), labels.size()});
  std::map<std::int32_t, std::pair<Index, Index>> of_class;  // right, all
  Index right = 0;
  for (Index i = 0; i < scores.rows; ++i) {
    const std::span<const float> row{scores.row(i), static_cast<std::size_t>(scores.cols)};
    if (!std::ranges::all_of(row, [](float x) { return std::isfinite(x); }))
      raise(NumericError{"accuracies", "scores of image " + std::to_string(i) + " that are not finite"});
    const std::int32_t label = labels[static_cast<std::size_t>(i)];
    const bool hit = std::ranges::max_element(row) - row.begin() == label;
    right += hit ? 1 : 0;
    auto& [hits, count] = of_class[label];
    hits += hit ? 1 : 0;
    ++count;
  }
  double sum = 0;
  for (const auto& [label, counts] : of_class)
    sum += static_cast<double>(counts.first) / static_cast<double>(counts.second);
  return {static_cast<double>(right) / static_cast<double>(scores.rows), sum / static_cast<double>(of_class.size())};
}

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

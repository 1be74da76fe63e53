// clip/few_shot/table.inl.hpp: definitions of clip/few_shot/table.hpp.
#pragma once

#include <clip/few_shot/table.hpp>

#include <algorithm>
#include <charconv>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {

/// Digits after the point; independent of the locale.
inline std::string with_decimals(double x, int decimals) {
  char digits[64];
  return {digits, std::to_chars(digits, digits + sizeof digits, x, std::chars_format::fixed, decimals).ptr};
}

inline std::string in_percent(const MeanAndDeviation& value) {
  return with_decimals(100 * value.mean, 2) +
         (value.deviation ? " ± " + with_decimals(100 * *value.deviation, 2) : std::string());
}

inline std::string markdown_part(const std::vector<FewShotCell>& cells, const std::string& title,
                                 MeanAndDeviation FewShotCell::*value) {
  std::set<Index> shots;
  for (const FewShotCell& cell : cells) shots.insert(cell.shots);
  std::string text = "| " + title, rule = "|---";
  for (const Index k : shots) {
    text += " | " + std::to_string(k) + (k == 1 ? " shot" : " shots");
    rule += "|---";
  }
  text += " |\n" + rule + "|\n";
  for (std::size_t i = 0; i < cells.size();) {
    const std::string& method = cells[i].method;
    text += "| " + method;
    for (const Index k : shots) {
      const bool there = i < cells.size() && cells[i].method == method && cells[i].shots == k;
      text += " | " + (there ? in_percent(cells[i++].*value) : std::string());
    }
    text += " |\n";
  }
  return text;
}

}  // namespace detail

CLIP_HOST std::string few_shot_markdown(std::span<const FewShotResult> results) {
  const auto cells = few_shot_cells(results);
  return detail::markdown_part(cells, "top-1, %", &FewShotCell::top1) + '\n' +
         detail::markdown_part(cells, "mean per class, %", &FewShotCell::mean_per_class);
}

CLIP_HOST std::string few_shot_csv(std::span<const FewShotResult> results) {
  std::string text = "method,shots,seeds,top1,top1_deviation,mean_per_class,mean_per_class_deviation\n";
  for (const FewShotCell& cell : few_shot_cells(results)) {
    text += cell.method + ',' + std::to_string(cell.shots) + ',' + std::to_string(cell.seeds);
    for (const MeanAndDeviation& value : {cell.top1, cell.mean_per_class})
      text += ',' + detail::with_decimals(value.mean, 6) + ',' +
              (value.deviation ? detail::with_decimals(*value.deviation, 6) : std::string());
    text += '\n';
  }
  return text;
}

CLIP_HOST JsonTree few_shot_json(std::span<const FewShotResult> results) {
  const auto both = [](const MeanAndDeviation& value) {
    return json_object("mean", value.mean, "deviation", value.deviation ? Json(*value.deviation) : Json());
  };
  JsonTree cells{Json::array()}, all{Json::array()};
  for (const FewShotCell& cell : few_shot_cells(results))
    cells.push_back(json_object("method", cell.method, "shots", cell.shots, "seeds", cell.seeds, "top1",
                                both(cell.top1), "mean_per_class", both(cell.mean_per_class)));
  for (const FewShotResult& result : results)
    all.push_back(json_object("method", result.method, "shots", result.shots, "seed", result.seed, "top1",
                              result.accuracies.top1, "mean_per_class", result.accuracies.mean_per_class));
  return json_object("cells", std::move(cells), "results", std::move(all));
}

}  // namespace clip::inline CLIP_ABI

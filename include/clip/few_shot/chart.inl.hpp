// clip/few_shot/chart.inl.hpp: definitions of clip/few_shot/chart.hpp.
#pragma once

#include <clip/few_shot/chart.hpp>
#include <clip/io/atomic_file.hpp>
#include <clip/plot/png.hpp>
#include <clip/plot/series_chart.hpp>

#include <algorithm>
#include <string>

namespace clip::inline CLIP_ABI {

CLIP_HOST Result<void> write_few_shot_chart(const std::string& folder, std::span<const FewShotResult> results,
                                            const std::string& title) {
  SeriesChart chart{.title = title, .x_title = "labelled images per class", .y_title = "top-1 accuracy, %"};
  Index seeds = 0;
  for (const FewShotCell& cell : few_shot_cells(results)) {
    if (chart.series.empty() || chart.series.back().name != cell.method) chart.series.push_back({cell.method, {}});
    chart.series.back().points.push_back(
        {static_cast<double>(cell.shots), 100 * cell.top1.mean, 100 * cell.top1.deviation.value_or(0)});
    seeds = std::max(seeds, cell.seeds);
  }
  chart.note =
      seeds == 1 ? "One seed." : "Mean of " + std::to_string(seeds) + " seeds. Bars: one sample deviation up and down.";
  if (auto done = series_chart(chart).try_save(folder + "/chart.svg"); !done) return done;
  return try_write_file(folder + "/chart.png", encode_png(series_chart_image(chart)));
}

}  // namespace clip::inline CLIP_ABI

// clip/few_shot/chart.hpp: the chart of a few-shot experiment: accuracy over shots, a line per method.
#pragma once

#include <clip/core/result.hpp>
#include <clip/few_shot/result.hpp>

#include <span>
#include <string>

namespace clip::inline CLIP_ABI {

/// Writes chart.svg and chart.png: the mean top-1 accuracy of each method over the shots, error bars of a sample
/// deviation; a method that does not learn is a star at 0 shots. InputError: no results. SystemError: disk.
[[nodiscard]] CLIP_HOST Result<void> write_few_shot_chart(const std::string& folder,
                                                          std::span<const FewShotResult> results,
                                                          const std::string& title);

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/few_shot/chart.inl.hpp>
#endif

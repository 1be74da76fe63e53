// clip/few_shot/table.hpp: the table of a few-shot experiment as Markdown, CSV and JSON.
#pragma once

#include <clip/few_shot/result.hpp>
#include <clip/io/json.hpp>

#include <span>
#include <string>

namespace clip::inline CLIP_ABI {

/// Two tables, top-1 and mean per class, in percent: a row per method, a column per number of shots, each cell
/// "mean ± sample deviation".
CLIP_HOST std::string few_shot_markdown(std::span<const FewShotResult> results);

/// method,shots,seeds,top1,top1_deviation,mean_per_class,mean_per_class_deviation: fractions, a row per cell.
CLIP_HOST std::string few_shot_csv(std::span<const FewShotResult> results);

/// {"cells": [{method, shots, seeds, top1: {mean, deviation}, mean_per_class: …}, …],
///  "results": [{method, shots, seed, top1, mean_per_class}, …]}
CLIP_HOST JsonTree few_shot_json(std::span<const FewShotResult> results);

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/few_shot/table.inl.hpp>
#endif

// clip/few_shot/result.hpp: accuracies of a few-shot run, and their mean and deviation over seeds.
#pragma once

#include <clip/core/result.hpp>
#include <clip/core/size.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Fractions of right predictions: of all images, and the mean over the classes of the fraction of each.
struct Accuracies {
  double top1 = 0, mean_per_class = 0;
};

/// The result of a method, trained on some shots of one seed.
struct FewShotResult {
  std::string method;  // its label in the experiment
  Index shots = 0;
  std::uint64_t seed = 0;
  Accuracies accuracies{};
};

/// Mean and sample deviation √(Σ (x - mean)² / (n - 1)) of n values; of one value there is no deviation.
struct MeanAndDeviation {
  double mean = 0;
  std::optional<double> deviation{};
};
CLIP_HOST MeanAndDeviation mean_and_deviation(std::span<const double> values);

/// The results of a method at a number of shots, over all seeds.
struct FewShotCell {
  std::string method;
  Index shots = 0, seeds = 0;
  MeanAndDeviation top1{}, mean_per_class{};
};

/// The cells of results: methods in the order of their first result, shots in ascending order.
CLIP_HOST std::vector<FewShotCell> few_shot_cells(std::span<const FewShotResult> results);

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/few_shot/result.inl.hpp>
#endif

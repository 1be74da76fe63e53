// clip/optim/schedule.hpp: learning rate schedules.
#pragma once

#include <clip/core/size.hpp>

#include <cmath>
#include <numbers>

namespace clip::inline CLIP_ABI {

/// Linear warm-up, then cosine decay to zero: the factor on the peak learning rate at `step` (0, 1, …).
///   (step + 1) / warmup                                        while step < warmup
///   ½ (1 + cos(π (step - warmup) / (total - warmup)))          after
struct WarmupCosine {
  Index warmup = 0;
  Index total = 1;

  double operator()(Index step) const {
    if (step < warmup) return static_cast<double>(step + 1) / static_cast<double>(warmup);
    if (step >= total) return 0;
    return 0.5 *
           (1 + std::cos(std::numbers::pi * static_cast<double>(step - warmup) / static_cast<double>(total - warmup)));
  }
};

}  // namespace clip::inline CLIP_ABI

// clip/backend/precompiled/peak.hpp: peak FLOP/s of the cores with the linked kernels.
#pragma once

#include <clip/backend/precompiled/cpu.hpp>

namespace clip::inline CLIP_ABI {

/// As in backend/cpu/peak.hpp, measured with the instructions of the chosen set.
inline double peak_flops(Layout weights, int threads) {
  detail::Failure failure;
  const double rate = detail::kernels().peak_flops(failure, weights, threads);
  detail::check(failure);
  return rate;
}

}  // namespace clip::inline CLIP_ABI

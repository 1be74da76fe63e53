// clip/backend/precompiled/peak.hpp: peak FLOP/s of the cores with the linked kernels.
#pragma once

#include <clip/backend/precompiled/cpu.hpp>

namespace clip::inline CLIP_ABI {

/// As in backend/cpu/peak.hpp, measured with the instructions of the chosen set.
inline double peak_flops(Layout weights, int threads) { return detail::kernels().peak_flops(weights, threads); }

}  // namespace clip::inline CLIP_ABI

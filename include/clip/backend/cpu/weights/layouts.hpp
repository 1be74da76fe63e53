// clip/backend/cpu/weights/layouts.hpp: memory layouts of packed weights in the CPU backend.
#pragma once

#include <clip/core/weights.hpp>

namespace clip::inline CLIP_ABI {

/// Panels for the matrix product: of the backend's own type, of 16 bits, or of 8 bits with a scale for every output.
struct CpuLayout {
  static constexpr Layout panels{1}, half_panels{2}, bfloat16_panels{3}, int8_panels{4};
};

}  // namespace clip::inline CLIP_ABI

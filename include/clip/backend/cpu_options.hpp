// clip/backend/cpu_options.hpp: what a caller says of the processor backend.
#pragma once

#include <clip/core/abi.hpp>

namespace clip::inline CLIP_ABI {

struct CpuOptions {
  int threads = 0;  // 0: the cores this process may use
};

}  // namespace clip::inline CLIP_ABI

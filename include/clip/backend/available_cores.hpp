// clip/backend/available_cores.hpp: number of cores this process may use: affinity mask and control-group quota.
#pragma once

#include <clip/core/abi.hpp>

namespace clip::inline CLIP_ABI {

/// Number of cores in the affinity mask of this process, limited by its control group.
CLIP_HOST int available_cores();

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/backend/available_cores.inl.hpp>
#endif

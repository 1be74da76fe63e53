// clip/core/stamp.hpp: numbers that name the content of host objects, so that copies of it can be reused.
#pragma once

#include <clip/core/abi.hpp>

#include <atomic>
#include <cstdint>

/// Outside of CLIP_ABI: one counter for all translation units of a program, whatever their settings.
namespace clip_process {
inline constinit std::atomic<std::uint64_t> last_stamp{0};
}

namespace clip::inline CLIP_ABI {

/// A number that no earlier call in this process has returned; never 0.
inline std::uint64_t next_stamp() { return clip_process::last_stamp.fetch_add(1, std::memory_order_relaxed) + 1; }

}  // namespace clip::inline CLIP_ABI

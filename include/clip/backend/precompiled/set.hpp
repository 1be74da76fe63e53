// clip/backend/precompiled/set.hpp: instruction set of the linked kernels in this process.
#pragma once

#include <clip/backend/precompiled/choose.hpp>
#include <clip/core/error.hpp>

namespace clip::inline CLIP_ABI::detail {

/// OptionError: CLIP_CPU names no set that this machine has, or the machine has none at all.
inline const auto& chosen_set() {
  static const auto& chosen = []() -> const auto& {
    const char* problem = nullptr;
    const auto* const set = CLIP_PRECOMPILED(choose)(&problem);
    if (!set) raise(OptionError{"CLIP_CPU", problem}.with_id("clip.option.cpu"));
    return *set;
  }
  ();
  return chosen;
}

}  // namespace clip::inline CLIP_ABI::detail

// clip/io/inflate_reason.hpp: the reason that inflaters give for content that is longer than allowed.
#pragma once

#include <clip/core/abi.hpp>

namespace clip::inline CLIP_ABI::detail {

inline constexpr const char* too_large = "inflates to more than allowed";

}  // namespace clip::inline CLIP_ABI::detail

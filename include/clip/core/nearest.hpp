// clip/core/nearest.hpp: nearest names to one that does not exist, for messages.
#pragma once

#include <clip/core/abi.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace clip::inline CLIP_ABI {

/// At most `count` of `names`, the nearest to `wanted` first, equally near ones in their order. The distance is the
/// number of characters to insert, delete or replace, where `wanted` may have `*` (any run of characters) and `?` (one
/// character). A name that only contains `wanted` is one further than its nearest part.
CLIP_HOST std::vector<std::string_view> nearest_names(std::string_view wanted, std::span<const std::string_view> names,
                                                      std::size_t count = 3);

/// "a", "a and b", "a, b and c"
CLIP_HOST std::string in_words(std::span<const std::string_view> names);

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/core/nearest.inl.hpp>
#endif

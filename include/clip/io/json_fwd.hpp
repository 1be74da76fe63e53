// clip/io/json_fwd.hpp: the name of the JSON type, for declarations. io/json.hpp has the type itself.
#pragma once

#include <clip/core/abi.hpp>

#include <nlohmann/json_fwd.hpp>

namespace clip::inline CLIP_ABI {

using Json = nlohmann::json;

}  // namespace clip::inline CLIP_ABI

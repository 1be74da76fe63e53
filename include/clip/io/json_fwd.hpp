// clip/io/json_fwd.hpp: the names of the JSON types, for declarations. io/json.hpp has the types themselves.
#pragma once

#include <clip/core/abi.hpp>

#include <nlohmann/json_fwd.hpp>

namespace clip::inline CLIP_ABI {

using Json = nlohmann::json;
class JsonTree;

}  // namespace clip::inline CLIP_ABI

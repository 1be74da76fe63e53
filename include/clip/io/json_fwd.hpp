// clip/io/json_fwd.hpp: the type Json, declared.
#pragma once

#include <clip/core/abi.hpp>

#include <nlohmann/json_fwd.hpp>

namespace clip::inline CLIP_ABI {

using Json = nlohmann::json;

}  // namespace clip::inline CLIP_ABI

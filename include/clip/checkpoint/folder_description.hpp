// clip/checkpoint/folder_description.hpp: the JSON files beside the weights in a checkpoint folder.
#pragma once

#include <clip/io/json.hpp>

#include <string>

namespace clip::inline CLIP_ABI {

/// The description of the model in a checkpoint folder, apart from the weights.
struct FolderDescription {
  std::string place;   // file name: config.json or open_clip_config.json
  Json config;         // its content
  Json preprocessing;  // preprocessor_config.json; null if absent
};

}  // namespace clip::inline CLIP_ABI

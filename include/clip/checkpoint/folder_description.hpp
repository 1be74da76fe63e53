// clip/checkpoint/folder_description.hpp: files of a checkpoint folder: names of weights, and the JSON beside them.
#pragma once

#include <clip/io/json.hpp>

#include <array>
#include <string>

namespace clip::inline CLIP_ABI {

/// The description of the model in a checkpoint folder, apart from the weights.
struct FolderDescription {
  std::string place;   // file name: config.json or open_clip_config.json
  Json config;         // its content
  Json preprocessing;  // preprocessor_config.json; null if absent
};

namespace detail {

/// File names of weights in folders, in order of preference.
inline constexpr std::array<const char*, 6> weights_in_folders{
    "open_clip_model.safetensors", "model.safetensors.index.json", "model.safetensors",
    "open_clip_pytorch_model.bin", "pytorch_model.bin.index.json", "pytorch_model.bin"};

/// Variants of the weights of transformers and diffusers, "model.fp16.safetensors": taken where no other weights are.
inline constexpr std::array<const char*, 4> weight_variants{"fp16", "bf16", "fp32", "non_ema"};

}  // namespace detail

}  // namespace clip::inline CLIP_ABI

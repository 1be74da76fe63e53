// clip/checkpoint/folder_description.hpp: files of a checkpoint folder: names of weights, and the JSON beside them.
#pragma once

#include <clip/io/json.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI {

/// The description of the model in a checkpoint folder, apart from the weights.
struct FolderDescription {
  std::string place;                  // file name: config.json or open_clip_config.json
  Json config;                        // its content
  std::string preprocessing_place{};  // file name: processor_config.json or preprocessor_config.json
  Json preprocessing = nullptr;       // its image processor; null if absent
  std::string modules_place{};        // modules.json, in a folder of sentence-transformers
  Json modules = nullptr;             // what its modules say: "pooling", "dense", "limits"; null if absent

  FolderDescription() = default;
  FolderDescription(FolderDescription&&) = default;
  FolderDescription(const FolderDescription&) = delete;
  FolderDescription& operator=(const FolderDescription&) = delete;
  ~FolderDescription() {
    detail::dismantle(config);
    detail::dismantle(preprocessing);
    detail::dismantle(modules);
  }
};

namespace detail {

/// transformers 5 writes one file for a model's tokenizer and its image processor, which is an object in it; earlier
/// versions write the image processor alone. If both are there, transformers reads the first.
inline constexpr const char *processor_file = "processor_config.json", *image_processor_key = "image_processor",
                            *image_processor_file = "preprocessor_config.json";

/// File names of weights in folders, in order of preference.
inline constexpr std::array<const char*, 6> weights_in_folders{
    "open_clip_model.safetensors", "model.safetensors.index.json", "model.safetensors",
    "open_clip_pytorch_model.bin", "pytorch_model.bin.index.json", "pytorch_model.bin"};

/// Whether a file of this name holds the weights of the folder that it is in, so that the descriptions there are its.
inline bool is_weights_name(std::string_view name) {
  return std::find(weights_in_folders.begin(), weights_in_folders.end(), name) != weights_in_folders.end();
}

/// Variants of the weights of transformers and diffusers, "model.fp16.safetensors": taken where no other weights are.
inline constexpr std::array<const char*, 4> weight_variants{"fp16", "bf16", "fp32", "non_ema"};

}  // namespace detail

}  // namespace clip::inline CLIP_ABI

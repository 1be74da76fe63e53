// clip/data/tar_shards.hpp: labelled images in tar archives, as WebDataset stores them.
#pragma once

#include <clip/core/result.hpp>
#include <clip/data/labelled_images.hpp>

#include <string>
#include <vector>

namespace clip::inline CLIP_ABI {

struct TarShardOptions {
  std::vector<std::string> classes{};  // empty: the labels are names, in the order of their bytes
  std::string label_key = "label";     // of the .json files
};

/// The images of the archives, in their order. Files whose names are equal up to the first point after the last slash
/// are a sample: an image (a name of image_extensions) and its label, KEY.cls (a text) or KEY.json (label_key: a name or
/// an index). Other files are ignored. The archives stay mapped.
/// LoadError: as try_parse_tar; a sample with two images or without a label; a label that is no class.
[[nodiscard]] CLIP_HOST Result<LabelledImages> try_tar_shards(const std::vector<std::string>& archives,
                                                              const TarShardOptions& options = {});

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/data/tar_shards.inl.hpp>
#endif

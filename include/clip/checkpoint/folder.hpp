// clip/checkpoint/folder.hpp: reader of weights in a file, in shards with an index, or in a model's folder.
#pragma once

#include <clip/formats/tensor_file.hpp>

#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI {

/// Opens the tensors at a path, with their stored names: a file of any format, an index of several files, or a folder
/// of either. state_dict: which of several models' weights in one file (try_parse_tensors). content: whether values are
/// needed, or names and shapes alone. LoadError: no weights, with the names tried; any invalid file; no such
/// state_dict.
[[nodiscard]] CLIP_HOST Result<TensorFile> try_open_tensors(const std::string& path, std::string_view state_dict = {},
                                                            TensorContent content = TensorContent::values);

inline TensorFile open_tensors(const std::string& path, std::string_view state_dict = {},
                               TensorContent content = TensorContent::values) {
  return try_open_tensors(path, state_dict, content).value();
}

namespace detail {
/// The JSON file at a path, and the image processor described beside it.
CLIP_HOST Result<FolderDescription> try_read_description_file(const std::string& path);
}  // namespace detail

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/checkpoint/folder.inl.hpp>
#endif

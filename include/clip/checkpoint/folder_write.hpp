// clip/checkpoint/folder_write.hpp: atomic writer of a model's folder in the layout of transformers or OpenCLIP.
#pragma once

#include <clip/checkpoint/folder_config.hpp>
#include <clip/checkpoint/folder_description.hpp>
#include <clip/formats/safetensors_write.hpp>
#include <clip/io/bytes.hpp>
#include <clip/io/files.hpp>
#include <clip/io/replace_together.hpp>
#include <clip/tokens/kept_ids.hpp>

#include <algorithm>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI::detail {

/// Descriptions that a reader of the folder would take instead of those that are written, or for theirs.
inline std::vector<std::string> outdated_descriptions(const std::string& folder, std::span<const FolderFile> files) {
  std::vector<std::string> names;
  for (const char* const name : {"open_clip_config.json", processor_file, reduced_vocabulary_file})
    if (may_be_there(folder + "/" + name) &&
        std::none_of(files.begin(), files.end(), [&](const FolderFile& file) { return file.first == name; }))
      names.push_back(name);
  return names;
}

/// Writes all files under temporary names, then replaces those of the folder together: whenever the process is killed,
/// the folder is the old model or the new one (io/replace_together.hpp). Other files in it stay; a link is replaced,
/// not its target.
/// OptionError: the folder holds weights under another name, which readers might prefer. SystemError: the disk.
inline Result<void> try_write_folder(const std::string& folder, const std::string& weights_name,
                                     std::span<const TensorToWrite> tensors,
                                     const std::map<std::string, std::string>& metadata,
                                     std::span<const FolderFile> files) {
  for (const char* const other : weights_in_folders)
    if (other != weights_name && is_there(folder + "/" + other))
      return OptionError{folder, std::string("holds weights already, under another name (") + other +
                                     "): choose another folder or remove them"};
  NewFolder made;
  if (auto done = made.try_make(folder); !done) return done;
  auto weights = try_prepare_safetensors(folder + "/" + weights_name, tensors, metadata, Links::replaced);
  if (!weights) return weights.error();
  std::vector<AtomicFile> prepared;
  prepared.reserve(files.size() + 1);
  for (const auto& [name, text] : files) {
    auto file = AtomicFile::try_create(folder + "/" + name, Links::replaced);
    if (!file) return file.error();
    if (auto done = file->try_write(as_byte_span(text)); !done) return done;
    prepared.push_back(std::move(*file));
  }
  prepared.push_back(std::move(*weights));
  const std::vector<std::string> outdated = outdated_descriptions(folder, files);
  made.keep();
  return try_replace_together(folder, prepared, outdated);
}

}  // namespace clip::inline CLIP_ABI::detail

// clip/checkpoint/folder_write.hpp: atomic writer of a model's folder in the layout of transformers or OpenCLIP.
#pragma once

#include <clip/checkpoint/folder_config.hpp>
#include <clip/checkpoint/folder_description.hpp>
#include <clip/formats/safetensors_write.hpp>
#include <clip/io/bytes.hpp>
#include <clip/io/files.hpp>

#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI::detail {

/// Writes all files under temporary names, then removes the old weights, then renames the descriptions and finally the
/// weights. So weights never coexist with the description of another model, even after a crash.
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
  const std::string weights_path = folder + "/" + weights_name;
  auto weights = try_prepare_safetensors(weights_path, tensors, metadata);
  if (!weights) return weights.error();
  std::vector<AtomicFile> prepared;
  for (const auto& [name, text] : files) {
    auto file = AtomicFile::try_create(folder + "/" + name);
    if (!file) return file.error();
    if (auto done = file->try_write(as_byte_span(text)); !done) return done;
    prepared.push_back(std::move(*file));
  }
  if (auto done = weights->try_sync(); !done) return done;  // what follows is short, and a signal seldom ends it
  made.keep();
  if (auto done = try_remove_file(weights_path); !done) return done;
  for (AtomicFile& file : prepared)
    if (auto done = file.try_commit(); !done) return done;
  return weights->try_commit();
}

}  // namespace clip::inline CLIP_ABI::detail

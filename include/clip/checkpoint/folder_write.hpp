// clip/checkpoint/folder_write.hpp: a folder that describes a model and holds its weights, as transformers and OpenCLIP lay it out.
#pragma once

#include <clip/checkpoint/folder.hpp>
#include <clip/checkpoint/folder_config.hpp>
#include <clip/formats/safetensors_write.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI::detail {

/// Makes a folder, and takes it away again unless it is kept.
class NewFolder {
 public:
  NewFolder() = default;
  NewFolder(const NewFolder&) = delete;
  NewFolder& operator=(const NewFolder&) = delete;
  ~NewFolder() {
    if (!made_.empty()) ::rmdir(made_.c_str());
  }
  Result<void> try_make(const std::string& path) {
    if (::mkdir(path.c_str(), 0777) == 0) return made_ = path, Result<void>{};
    const int code = errno;
    return is_folder(path) ? Result<void>{} : system_error(path, "the folder cannot be made", code);
  }
  void keep() { made_.clear(); }

 private:
  std::string made_;
};

/// Everything is written beside its place first; then the old weights go, the descriptions are put in place, the weights last. So
/// weights never stand beside the description of others, whatever happens between.
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
  made.keep();
  if (::unlink(weights_path.c_str()) != 0 && errno != ENOENT)
    return system_error(weights_path, "the old file cannot be removed", errno);
  for (AtomicFile& file : prepared)
    if (auto done = file.try_commit(); !done) return done;
  return weights->try_commit();
}

}  // namespace clip::inline CLIP_ABI::detail

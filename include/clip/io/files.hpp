// clip/io/files.hpp: creating folders, removing files, and whether a path may be read.
#pragma once

#include <clip/core/result.hpp>
#include <clip/io/posix.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace clip::inline CLIP_ABI::detail {

/// A folder that is removed again unless it is kept.
class NewFolder {
 public:
  NewFolder() = default;
  NewFolder(const NewFolder&) = delete;
  NewFolder& operator=(const NewFolder&) = delete;
  ~NewFolder() {
    if (!made_.empty()) ::rmdir(made_.c_str());
  }
  /// Creates the folder, or finds it there. SystemError: neither.
  Result<void> try_make(const std::string& path) {
    if (::mkdir(path.c_str(), 0777) == 0) {
      made_ = path;
      return {};
    }
    const int code = errno;
    return is_folder(path) ? Result<void>{} : system_error(path, "the folder cannot be made", code);
  }
  void keep() { made_.clear(); }

 private:
  std::string made_;
};

/// Removes a file if there is one. SystemError: it remains.
inline Result<void> try_remove_file(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT)
    return system_error(path, "the old file cannot be removed", errno);
  return {};
}

/// False only where nothing is at the path: something that cannot be examined may be there.
inline bool may_be_there(const std::string& path) { return ::access(path.c_str(), F_OK) == 0 || errno != ENOENT; }

}  // namespace clip::inline CLIP_ABI::detail

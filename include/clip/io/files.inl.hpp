// clip/io/files.inl.hpp: definitions of clip/io/files.hpp.
#pragma once

#include <clip/io/files.hpp>
#include <clip/io/posix.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace clip::inline CLIP_ABI::detail {

CLIP_HOST NewFolder::~NewFolder() {
  if (!made_.empty()) ::rmdir(made_.c_str());
}

CLIP_HOST Result<void> NewFolder::try_make(const std::string& path) {
  if (::mkdir(path.c_str(), 0777) == 0) {
    made_ = path;
    unfinished_ = Unfinished::folder(path);
    return {};
  }
  const int code = errno;
  return is_folder(path) ? Result<void>{} : system_error(path, "the folder cannot be made", code);
}

CLIP_HOST Result<void> try_remove_file(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT)
    return system_error(path, "the old file cannot be removed", errno);
  return {};
}

CLIP_HOST bool may_be_there(const std::string& path) { return ::access(path.c_str(), F_OK) == 0 || errno != ENOENT; }

}  // namespace clip::inline CLIP_ABI::detail

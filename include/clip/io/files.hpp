// clip/io/files.hpp: creating folders, removing files, and whether a path may be read.
#pragma once

#include <clip/core/result.hpp>
#include <clip/io/unfinished.hpp>

#include <string>

namespace clip::inline CLIP_ABI::detail {

/// A folder that is removed again unless it is kept.
class NewFolder {
 public:
  NewFolder() = default;
  NewFolder(const NewFolder&) = delete;
  NewFolder& operator=(const NewFolder&) = delete;
  CLIP_HOST ~NewFolder();
  /// Creates the folder, or finds it there. SystemError: neither.
  CLIP_HOST Result<void> try_make(const std::string& path);
  void keep() {
    made_.clear();
    unfinished_ = {};
  }

 private:
  std::string made_;
  Unfinished unfinished_;
};

/// Removes a file if there is one. SystemError: it remains.
CLIP_HOST Result<void> try_remove_file(const std::string& path);

/// False only where nothing is at the path: something that cannot be examined may be there.
CLIP_HOST bool may_be_there(const std::string& path);

}  // namespace clip::inline CLIP_ABI::detail

#if !CLIP_HOST_LINKED
#include <clip/io/files.inl.hpp>
#endif

// clip/io/list_files.inl.hpp: definitions of clip/io/list_files.hpp.
#pragma once

#include <clip/io/list_files.hpp>
#include <clip/io/posix.hpp>

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string>
#include <vector>

namespace clip::inline CLIP_ABI::detail {

inline Result<void> try_list_into(const std::string& folder, Below below,
                                  bool (*wanted)(const void*, const std::string&), const void* context,
                                  std::vector<std::string>& files, bool inner) {
  std::vector<std::string> folders;
  {
    const std::unique_ptr<DIR, int (*)(DIR*)> open{::opendir(folder.c_str()), &::closedir};
    if (!open) {
      const int code = errno;
      if (!inner || code == EMFILE || code == ENFILE || code == ENOMEM) return open_error(folder, code);
      if (code != ENOENT) files.push_back(folder);
      return {};
    }
    for (errno = 0; const dirent* entry = ::readdir(open.get()); errno = 0) {
      const std::string name = entry->d_name;
      if (name.starts_with('.')) continue;  // hidden files, ".", ".."
      const std::string path = folder.ends_with('/') ? folder + name : folder + "/" + name;
      struct stat status {};
      if (::lstat(path.c_str(), &status) != 0) {
        // Deleted in the meantime, or not to be examined: then it is listed, unless it is known not to be wanted.
        const bool gone = errno == ENOENT, may_be_folder = entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN,
                   may_be_file = entry->d_type != DT_DIR;
        if (!gone && ((may_be_folder && below == Below::subfolders) || (may_be_file && wanted(context, name))))
          files.push_back(path);
        continue;
      }
      if (S_ISDIR(status.st_mode)) {
        if (below == Below::subfolders) folders.push_back(path);
      } else if (wanted(context, name)) {
        // A link to a folder is not followed (it may form a loop). A dangling link is listed; reading it will fail.
        if (S_ISLNK(status.st_mode) && ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) continue;
        files.push_back(path);
      }
    }
    if (errno != 0 && !inner) return system_error(folder, "cannot be listed", errno);
    if (errno != 0) files.push_back(folder);
  }
  for (const std::string& below_it : folders)
    if (auto done = try_list_into(below_it, below, wanted, context, files, true); !done) return done;
  return {};
}

CLIP_HOST Result<std::vector<std::string>> try_list_files(const std::string& folder, Below below,
                                                          bool (*wanted)(const void*, const std::string&),
                                                          const void* context) {
  std::vector<std::string> files;
  if (auto done = try_list_into(folder, below, wanted, context, files, false); !done) return done.error();
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace clip::inline CLIP_ABI::detail

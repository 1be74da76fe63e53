// clip/io/list_files.hpp: lists the files of a folder, in the same order on every system.
#pragma once

#include <clip/core/result.hpp>
#include <clip/io/posix.hpp>

#include <dirent.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Whether a listing includes subfolders.
enum class Below { folder, subfolders };  // only the files in the folder itself; also those in its subfolders

namespace detail {

template <class Wanted>
Result<void> try_list_into(const std::string& folder, Below below, const Wanted& wanted,
                           std::vector<std::string>& files) {
  std::vector<std::string> folders;
  {
    const std::unique_ptr<DIR, int (*)(DIR*)> open{::opendir(folder.c_str()), &::closedir};
    if (!open) return open_error(folder, errno);
    for (errno = 0; const dirent* entry = ::readdir(open.get()); errno = 0) {
      const std::string name = entry->d_name;
      if (name.starts_with('.')) continue;  // hidden files, ".", ".."
      const std::string path = folder.ends_with('/') ? folder + name : folder + "/" + name;
      struct stat status {};
      if (::lstat(path.c_str(), &status) != 0) continue;  // deleted in the meantime
      if (S_ISDIR(status.st_mode)) {
        if (below == Below::subfolders) folders.push_back(path);
      } else if (wanted(name)) {
        // A link to a folder is not followed (it may form a loop). A dangling link is listed; reading it will fail.
        if (S_ISLNK(status.st_mode) && ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) continue;
        files.push_back(path);
      }
    }
    if (errno != 0) return system_error(folder, "cannot be listed", errno);
  }
  for (const std::string& inner : folders)
    if (auto done = try_list_into(inner, below, wanted, files); !done) return done;
  return {};
}

}  // namespace detail

/// The files of a folder whose name satisfies `wanted`, without hidden files, sorted by the bytes of their paths.
/// LoadError: no such folder. SystemError: a folder that cannot be listed.
template <class Wanted>
[[nodiscard]] Result<std::vector<std::string>> try_list_files(const std::string& folder, Below below,
                                                              const Wanted& wanted) {
  std::vector<std::string> files;
  if (auto done = detail::try_list_into(folder, below, wanted, files); !done) return done.error();
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace clip::inline CLIP_ABI

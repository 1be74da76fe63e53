// clip/io/find_file.hpp: looks for the first of several file names in a folder.
#pragma once

#include <clip/core/result.hpp>
#include <clip/io/posix.hpp>

#include <span>
#include <string>

namespace clip::inline CLIP_ABI::detail {

/// A folder: the path of the first of `names` that exists in it. Any other path: the path itself. LoadError: none
/// exists; the message lists the names.
inline Result<std::string> try_find_file(const std::string& path, std::span<const char* const> names) {
  if (!is_folder(path)) return path;
  std::string looked_for;
  for (const std::string name : names) {
    const std::string file = path + '/' + name;
    if (is_there(file)) return file;
    looked_for += (looked_for.empty() ? "" : ", ") + name;
  }
  return LoadError{path, "no vocabulary in this folder (looked for " + looked_for + ")"}.with_id("clip.load.no_file");
}

}  // namespace clip::inline CLIP_ABI::detail

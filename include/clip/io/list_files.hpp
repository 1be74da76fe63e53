// clip/io/list_files.hpp: lists the files of a folder, in the same order on every system.
#pragma once

#include <clip/core/result.hpp>

#include <string>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Whether a listing includes subfolders.
enum class Below { folder, subfolders };  // only the files in the folder itself; also those in its subfolders

namespace detail {
/// As below; wanted(context, name).
[[nodiscard]] CLIP_HOST Result<std::vector<std::string>> try_list_files(const std::string& folder, Below below,
                                                                        bool (*wanted)(const void*, const std::string&),
                                                                        const void* context);
}  // namespace detail

/// The files of a folder whose name satisfies `wanted`, without hidden files, sorted by the bytes of their paths.
/// What cannot be examined (no permission, a path that is too long) is listed too, also a subfolder: reading it fails
/// and says why. LoadError: no such folder. SystemError: the folder itself cannot be listed; too many open files.
template <class Wanted>
[[nodiscard]] Result<std::vector<std::string>> try_list_files(const std::string& folder, Below below,
                                                              const Wanted& wanted) {
  const auto call = [](const void* context, const std::string& name) -> bool {
    return (**static_cast<const Wanted* const*>(context))(name);
  };
  const Wanted* const context = &wanted;  // also the address of a function
  return detail::try_list_files(folder, below, call, static_cast<const void*>(&context));
}

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/io/list_files.inl.hpp>
#endif

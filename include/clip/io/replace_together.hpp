// clip/io/replace_together.hpp: replacement of several files of a folder as one, whenever the process is killed.
#pragma once

#include <clip/core/result.hpp>
#include <clip/io/atomic_file.hpp>

#include <span>
#include <string>
#include <vector>

namespace clip::inline CLIP_ABI::detail {

/// The list of what remains to be done in a folder. It is renamed to this name once all new files are complete, and
/// removed once all of them have their names. While it is there, the folder is the new one: whoever reads or writes
/// finishes it first (try_finish_replacement).
inline constexpr const char* replacement_list = ".clip-replacement";

/// Commits files that were created in one folder with Links::replaced, and removes others of it, by their names. A
/// process that is killed at any moment leaves the old files, or the new ones, or the list. Programs that do not know
/// the list never find the last file, the weights, beside another version of the others: its old version is removed
/// first, the new one comes last.
/// SystemError: disk or folder; another process replaces files in the folder.
[[nodiscard]] CLIP_HOST Result<void> try_replace_together(const std::string& folder, std::span<AtomicFile> files,
                                                          const std::vector<std::string>& removed);

/// Finishes what a killed process left in the folder, and reports it as a notice. Costs one system call where nothing
/// is left. SystemError: no permission to; another process does not end its replacement. LoadError: the list is not one
/// that was written here.
[[nodiscard]] CLIP_HOST Result<void> try_finish_replacement(const std::string& folder);

}  // namespace clip::inline CLIP_ABI::detail

#if !CLIP_HOST_LINKED
#include <clip/io/replace_together.inl.hpp>
#endif

// clip/io/tar.hpp: reader of tar archives: names and contents of their files.
#pragma once

#include <clip/core/result.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace clip::inline CLIP_ABI {

/// A regular file of an archive. The content points into the archive's bytes.
struct TarEntry {
  std::string name;
  std::span<const std::byte> content;
};

/// The regular files of an archive in its order: POSIX ustar and pax (path), GNU (long names). Folders, links and
/// devices are left out. Nothing is unpacked. `place` is the archive's name in messages.
/// LoadError: damaged (each header has a checksum), truncated, a number that is not octal.
[[nodiscard]] CLIP_HOST Result<std::vector<TarEntry>> try_parse_tar(std::span<const std::byte> archive,
                                                                    const std::string& place);

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/io/tar.inl.hpp>
#endif

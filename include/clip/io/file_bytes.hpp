// clip/io/file_bytes.hpp: whole files and pipes, read into memory.
#pragma once

#include <clip/core/result.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace clip::inline CLIP_ABI {

/// The bytes of a regular file. Unlike a mapping they stay as they were read, whatever happens to the file: one that
/// shrinks meanwhile gives the bytes that were there.
/// LoadError: no such file (with its absolute path), or not a regular file. SystemError: it cannot be read.
[[nodiscard]] CLIP_HOST Result<std::vector<std::byte>> try_read_bytes(const std::string& path);

/// The same, also of a pipe or a device, to its end: waits for the writer. SystemError clip.system.stopped:
/// request_stop() in a handler of a signal, which ends the waiting if it was installed without SA_RESTART.
[[nodiscard]] CLIP_HOST Result<std::vector<std::byte>> try_read_input(const std::string& path);

/// The bytes of an open descriptor to its end, such as standard input; `place` is its name in messages.
[[nodiscard]] CLIP_HOST Result<std::vector<std::byte>> try_read_descriptor(int descriptor, const std::string& place);

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/io/file_bytes.inl.hpp>
#endif

// clip/io/file_bytes.inl.hpp: definitions of clip/io/file_bytes.hpp.
#pragma once

#include <clip/core/stop.hpp>
#include <clip/io/file_bytes.hpp>
#include <clip/io/posix.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <string>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {

/// Reads to the end. `expected`: the number of bytes there should be, or 0.
inline Result<std::vector<std::byte>> try_read_to_end(int file, std::size_t expected, const std::string& place) {
  std::vector<std::byte> bytes(expected + 1);  // one more byte, so that the end is seen without growing
  for (std::size_t filled = 0;;) {
    if (filled == bytes.size()) bytes.resize(std::max<std::size_t>(2 * bytes.size(), std::size_t{1} << 16));
    const ssize_t n = ::read(file, bytes.data() + filled, bytes.size() - filled);
    if (n < 0 && errno == EINTR) {
      if (stop_requested()) return stopped_error(place);
      continue;
    }
    if (n < 0) return system_error(place, "cannot be read", errno);
    filled += static_cast<std::size_t>(n);
    if (n > 0) continue;
    bytes.resize(filled);
    return bytes;
  }
}

}  // namespace detail

CLIP_HOST Result<std::vector<std::byte>> try_read_bytes(const std::string& path) {
  const auto file = detail::try_open_regular(path);
  if (!file) return file.error();
  return detail::try_read_to_end(file->descriptor.number(), file->size, path);
}

CLIP_HOST Result<std::vector<std::byte>> try_read_input(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0 || S_ISREG(status.st_mode) || S_ISDIR(status.st_mode))
    return try_read_bytes(path);
  for (;;) {
    const detail::Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (file) return detail::try_read_to_end(file.number(), 0, path);
    if (errno != EINTR) return detail::open_error(path, errno);
    if (stop_requested()) return stopped_error(path);
  }
}

CLIP_HOST Result<std::vector<std::byte>> try_read_descriptor(int descriptor, const std::string& place) {
  return detail::try_read_to_end(descriptor, 0, place);
}

}  // namespace clip::inline CLIP_ABI

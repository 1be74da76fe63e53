// clip/io/map.hpp: a file as read-only memory.
#pragma once

#include <clip/core/result.hpp>
#include <clip/io/posix.hpp>

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <utility>

namespace clip::inline CLIP_ABI {

/// A file mapped read-only: pages come in when they are touched and may be dropped again by the system. Move-only; spans of
/// its bytes are valid until it is destroyed, across moves. The file must not be shortened meanwhile (replacing it by a
/// rename, as AtomicFile does, is harmless).
class MappedFile {
 public:
  MappedFile() = default;
  MappedFile(MappedFile&& other) noexcept : path_{std::move(other.path_)}, bytes_{std::exchange(other.bytes_, {})} {}
  MappedFile& operator=(MappedFile&& other) noexcept {
    std::swap(path_, other.path_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~MappedFile() {
    if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
  }

  std::span<const std::byte> bytes() const { return bytes_; }
  const std::string& path() const { return path_; }

  /// Whether all of `part` is of this file.
  bool holds(std::span<const std::byte> part) const {
    return !part.empty() && !std::less<>{}(part.data(), bytes_.data()) &&
           !std::less<>{}(bytes_.data() + bytes_.size(), part.data() + part.size());
  }

  /// Lets go of the pages that lie wholly inside `part`: it was read and is not needed soon. They come in again when touched.
  /// Nothing happens to bytes that are not of this file.
  void release(std::span<const std::byte> part) const {
    const auto address = [](const std::byte* p) { return reinterpret_cast<std::uintptr_t>(p); };
    const std::uintptr_t first = address(bytes_.data()), last = first + bytes_.size(), begin = address(part.data()),
                         end = begin + part.size();
    if (!holds(part)) return;
    const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    const std::uintptr_t from = (begin + page - 1) / page * page,
                         to = (end == last ? end + page - 1 : end) / page * page;
    if (from < to) ::madvise(const_cast<std::byte*>(bytes_.data()) + (from - first), to - from, MADV_DONTNEED);
  }

  friend Result<MappedFile> try_map(const std::string& path);

 private:
  std::string path_;
  std::span<const std::byte> bytes_;
};

/// Maps a regular file; an empty one has no bytes.
/// LoadError: nothing there (with the full path looked for), or not a regular file. SystemError: not allowed, no memory.
[[nodiscard]] inline Result<MappedFile> try_map(const std::string& path) {
  const detail::Descriptor file{
      ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};  // a pipe must not block us here
  if (!file) return detail::open_error(path, errno);
  struct stat status {};
  if (::fstat(file.number(), &status) != 0) return detail::system_error(path, "cannot be examined", errno);
  if (!S_ISREG(status.st_mode))
    return LoadError{path, S_ISDIR(status.st_mode) ? "expected a file, found a folder" : "not a regular file"};

  MappedFile map;
  map.path_ = path;
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size == 0) return map;
  void* const memory = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.number(), 0);
  if (memory == MAP_FAILED) return detail::system_error(path, "cannot be mapped", errno);
  map.bytes_ = {static_cast<const std::byte*>(memory), size};
  return map;
}

inline MappedFile map(const std::string& path) { return try_map(path).value(); }

}  // namespace clip::inline CLIP_ABI

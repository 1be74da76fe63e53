// clip/io/mapped_file.hpp: read-only memory-mapped files (mmap).
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

/// A file mapped read-only: the system loads pages on first access and may drop them again. Move-only; spans of its
/// bytes stay valid across moves, until destruction. Nobody may truncate the file meanwhile (replacing it by a rename,
/// as AtomicFile does, is safe).
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

  /// Whether all of `part` is in this file.
  bool holds(std::span<const std::byte> part) const {
    return !part.empty() && !std::less<>{}(part.data(), bytes_.data()) &&
           !std::less<>{}(bytes_.data() + bytes_.size(), part.data() + part.size());
  }

  /// Drops the pages that are entirely inside `part`, after it was read. The next access loads them again. Ignores
  /// bytes outside this file.
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

  friend Result<MappedFile> try_map_file(const std::string& path);

 private:
  std::string path_;
  std::span<const std::byte> bytes_;
};

/// Maps a regular file; an empty file has no bytes.
/// LoadError: no such file (with its absolute path), or not a regular file. SystemError: no permission, out of memory.
[[nodiscard]] inline Result<MappedFile> try_map_file(const std::string& path) {
  const detail::Descriptor file{
      ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};  // opening a pipe must not block
  if (!file) return detail::open_error(path, errno);
  struct stat status {};
  if (::fstat(file.number(), &status) != 0) return detail::system_error(path, "cannot be examined", errno);
  if (!S_ISREG(status.st_mode))
    return LoadError{path, S_ISDIR(status.st_mode) ? "expected a file, found a folder" : "not a regular file"};

  MappedFile mapped;
  mapped.path_ = path;
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size == 0) return mapped;
  void* const memory = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.number(), 0);
  if (memory == MAP_FAILED) return detail::system_error(path, "cannot be mapped", errno);
  mapped.bytes_ = {static_cast<const std::byte*>(memory), size};
  return mapped;
}

inline MappedFile map_file(const std::string& path) { return try_map_file(path).value(); }

}  // namespace clip::inline CLIP_ABI

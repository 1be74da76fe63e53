// clip/io/mapped_file.hpp: read-only memory-mapped files (mmap).
#pragma once

#include <clip/core/result.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <utility>

namespace clip::inline CLIP_ABI {

/// A file mapped read-only: the system loads pages on first access and may drop them again. Move-only; spans of its
/// bytes stay valid across moves, until destruction. Nobody may truncate the file meanwhile (replacing it by a rename,
/// as AtomicFile does, is safe); guard_mapped_files() turns the fault into a message.
class MappedFile {
 public:
  MappedFile() = default;
  MappedFile(MappedFile&& other) noexcept : path_{std::move(other.path_)}, bytes_{std::exchange(other.bytes_, {})} {}
  MappedFile& operator=(MappedFile&& other) noexcept {
    std::swap(path_, other.path_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  CLIP_HOST ~MappedFile();

  std::span<const std::byte> bytes() const { return bytes_; }
  const std::string& path() const { return path_; }

  /// Whether all of `part` is in this file.
  CLIP_HOST bool holds(std::span<const std::byte> part) const;

  /// Drops the pages that are entirely inside `part`, after it was read. The next access loads them again. Ignores
  /// bytes outside this file.
  CLIP_HOST void release(std::span<const std::byte> part) const;

  friend Result<MappedFile> try_map_file(const std::string& path);

 private:
  std::string path_;
  std::span<const std::byte> bytes_;
};

/// Maps a regular file; an empty file has no bytes.
/// LoadError: no such file (with its absolute path), or not a regular file. SystemError: no permission, out of memory.
[[nodiscard]] CLIP_HOST Result<MappedFile> try_map_file(const std::string& path);

CLIP_HOST MappedFile map_file(const std::string& path);

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/io/mapped_file.inl.hpp>
#endif

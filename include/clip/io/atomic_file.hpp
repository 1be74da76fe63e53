// clip/io/atomic_file.hpp: atomic file replacement, by a temporary file and a rename.
#pragma once

#include <clip/core/result.hpp>
#include <clip/io/bytes.hpp>
#include <clip/io/posix.hpp>
#include <clip/io/unfinished.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// What becomes of a symbolic link at the path: its target is replaced, or the link itself.
enum class Links { followed, replaced };

/// Writes to a temporary file and renames it to the target in commit(). A reader, a full disk or a killed process
/// therefore sees either the old file or the new one, never a part. Without commit the target does not change.
///
/// The temporary file of `a/b.bin` is always `a/.b.bin.partial`. A killed process may leave it; the next save
/// overwrites it, so there is never more than one. (A handler of a signal can call remove_unfinished().) A lock on it
/// excludes a second writer, which gets an error. A symbolic link is followed, unless it is to be replaced itself. A
/// replaced file keeps its permissions.
class AtomicFile {
 public:
  /// SystemError: no permission in the folder, or another process writes the file.
  [[nodiscard]] static CLIP_HOST Result<AtomicFile> try_create(const std::string& path, Links links = Links::followed);
  static AtomicFile create(const std::string& path) { return try_create(path).value(); }

  AtomicFile(AtomicFile&&) noexcept = default;
  AtomicFile& operator=(AtomicFile&&) = delete;
  ~AtomicFile() { abandon(); }

  /// Appends. After a failure every later call returns the same error.
  [[nodiscard]] CLIP_HOST Result<void> try_write(std::span<const std::byte> bytes);
  void write(std::span<const std::byte> bytes) { try_write(bytes).value(); }

  /// Writes everything so far to the disk, so that the commit is short.
  [[nodiscard]] CLIP_HOST Result<void> try_sync();

  /// Syncs the file and renames it to the target. Call once; no writes afterwards.
  [[nodiscard]] CLIP_HOST Result<void> try_commit();
  void commit() { try_commit().value(); }

  /// Leaves the temporary file as it is, for others to rename: neither this object nor remove_unfinished() removes it.
  void leave() {
    temporary_.clear();
    unfinished_ = {};
  }

  const std::string& path() const { return path_; }

 private:
  static constexpr std::size_t buffer_size = std::size_t{1} << 18;

  explicit AtomicFile(std::string path) : path_{std::move(path)} {}

  CLIP_HOST Result<void> fail(const std::string& what, int code);
  CLIP_HOST Result<void> flush();
  CLIP_HOST Result<void> to_disk(std::span<const std::byte> bytes);
  CLIP_HOST void abandon();
  /// A rename is durable only after its folder is synced. On file systems that cannot sync folders, the error is
  /// ignored.
  CLIP_HOST void sync_folder() const;

  std::string path_, target_, temporary_;  // as given; with links resolved; the temporary file
  detail::Descriptor file_;
  detail::Unfinished unfinished_;  // the temporary file, for remove_unfinished()
  std::vector<std::byte> buffer_;
  std::optional<Error> failed_;
};

/// Writes a whole file atomically.
[[nodiscard]] CLIP_HOST Result<void> try_write_file(const std::string& path, std::span<const std::byte> bytes);
CLIP_HOST void write_file(const std::string& path, std::span<const std::byte> bytes);

namespace detail {
/// The name of the file that is written before it takes the place of `name`: ".NAME.partial". Of a name that leaves no
/// room for it in the system's 255 bytes: its beginning and a part of its SHA-256, the same for every writer.
CLIP_HOST std::string partial_name(const std::string& name);
}  // namespace detail

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/io/atomic_file.inl.hpp>
#endif

// clip/io/atomic_file.hpp: a file that appears whole or not at all.
#pragma once

#include <clip/core/result.hpp>
#include <clip/io/posix.hpp>

#include <sys/file.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Writes beside the target and takes its place on commit(): a reader, a full disk or a killed process sees the old file or
/// the new one, nothing between. Without commit the target stays as it was.
///
/// The temporary file of `a/b.bin` is always `a/.b.bin.partial`. A killed process may leave it; the next save overwrites it,
/// so there is never more than one. A lock on it keeps two writers apart: the second gets an error.
/// A link is followed, and permissions of a replaced file are kept.
class AtomicFile {
 public:
  /// SystemError where the folder does not let us write, or another writer is at work.
  [[nodiscard]] static Result<AtomicFile> try_create(const std::string& path);
  static AtomicFile create(const std::string& path) { return try_create(path).value(); }

  AtomicFile(AtomicFile&&) noexcept = default;
  AtomicFile& operator=(AtomicFile&&) = delete;
  ~AtomicFile() { abandon(); }

  /// Appends. After a failure every later call returns the same error.
  [[nodiscard]] Result<void> try_write(std::span<const std::byte> bytes) {
    if (failed_) return *failed_;
    if (buffer_.size() + bytes.size() > buffer_size) {
      if (auto done = flush(); !done) return done;
      if (bytes.size() >= buffer_size) return to_disk(bytes);
    }
    buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
    return {};
  }
  void write(std::span<const std::byte> bytes) { try_write(bytes).value(); }

  /// Makes it durable and puts it in the target's place. Once; afterwards nothing can be written.
  [[nodiscard]] Result<void> try_commit() {
    if (auto done = flush(); !done) return done;
    if (!file_) return SystemError{path_, "nothing to commit: the file is complete or was abandoned"};
    if (::fsync(file_.number()) != 0) return fail("writing to the disk failed", errno);
    if (::rename(temporary_.c_str(), target_.c_str()) != 0) return fail("replacing failed", errno);
    temporary_.clear();
    const bool closed = file_.close();
    const int code = errno;
    sync_folder();
    if (!closed) return fail("closing failed", code);
    return {};
  }
  void commit() { try_commit().value(); }

  const std::string& path() const { return path_; }

 private:
  static constexpr std::size_t buffer_size = std::size_t{1} << 18;

  explicit AtomicFile(std::string path) : path_{std::move(path)} {}

  Result<void> fail(const std::string& what, int code) {
    failed_ = detail::system_error(path_, what, code).with_id("clip.system.write");
    abandon();
    return *failed_;
  }

  Result<void> flush() {
    if (failed_) return *failed_;
    auto done = to_disk(buffer_);
    buffer_.clear();
    return done;
  }

  Result<void> to_disk(std::span<const std::byte> bytes) {
    if (!file_ && !bytes.empty()) return SystemError{path_, "written to after it was complete"};
    while (!bytes.empty()) {
      const ssize_t n = ::write(file_.number(), bytes.data(), bytes.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return fail("writing failed", errno);
      bytes = bytes.subspan(static_cast<std::size_t>(n));
    }
    return {};
  }

  void abandon() {
    if (file_ && !temporary_.empty()) ::unlink(temporary_.c_str());
    temporary_.clear();
    file_.close();
  }

  /// A rename is durable once its folder is. Where folders cannot be synced there is nothing more to do.
  void sync_folder() const {
    const detail::Descriptor folder{::open(folder_of(target_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (folder) ::fsync(folder.number());
  }

  static std::string folder_of(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  }

  std::string path_, target_, temporary_;  // as given; behind links; beside the target
  detail::Descriptor file_;
  std::vector<std::byte> buffer_;
  std::optional<Error> failed_;
};

inline Result<AtomicFile> AtomicFile::try_create(const std::string& path) {
  AtomicFile result{path};
  struct stat old {};
  result.target_ = path;
  if (::lstat(path.c_str(), &old) == 0 && S_ISLNK(old.st_mode)) {
    char* const resolved = ::realpath(path.c_str(), nullptr);
    if (resolved == nullptr) return detail::system_error(path, "the link leads nowhere", errno);
    result.target_ = resolved;
    std::free(resolved);
  }
  const bool replaces = ::stat(result.target_.c_str(), &old) == 0;
  if (replaces && !S_ISREG(old.st_mode)) return SystemError{path, "cannot be replaced: not a regular file"};

  const auto slash = result.target_.rfind('/');
  const std::size_t name = slash == std::string::npos ? 0 : slash + 1;
  if (name == result.target_.size()) return SystemError{path, "cannot be written: the path names no file"};
  const std::string temporary = result.target_.substr(0, name) + "." + result.target_.substr(name) + ".partial";

  for (;;) {
    result.file_ =
        detail::Descriptor{::open(temporary.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666)};
    if (!result.file_) return detail::system_error(path, "cannot be written (" + temporary + ")", errno);
    const int file = result.file_.number();
    if (::flock(file, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
      return SystemError{path, "another writer is at work on it (" + temporary + " is locked)"}.with_id(
          "clip.system.locked");
    // Between open and lock the previous writer may have renamed or removed the file: what we hold must still be there.
    struct stat held {
    }, there{};
    if (::fstat(file, &held) != 0) return detail::system_error(path, "cannot be examined", errno);
    if (::lstat(temporary.c_str(), &there) == 0 && held.st_dev == there.st_dev && held.st_ino == there.st_ino) break;
  }
  result.temporary_ = temporary;
  if (::ftruncate(result.file_.number(), 0) != 0) return detail::system_error(path, "cannot be written", errno);
  if (replaces && ::fchmod(result.file_.number(), old.st_mode & 07777) != 0)
    return detail::system_error(path, "cannot keep its permissions", errno);
  result.buffer_.reserve(buffer_size);
  return result;
}

/// The whole file at once, whole or not at all.
[[nodiscard]] inline Result<void> try_write_file(const std::string& path, std::span<const std::byte> bytes) {
  auto file = AtomicFile::try_create(path);
  if (!file) return file.error();
  if (auto done = file->try_write(bytes); !done) return done;
  return file->try_commit();
}

inline void write_file(const std::string& path, std::span<const std::byte> bytes) {
  try_write_file(path, bytes).value();
}

}  // namespace clip::inline CLIP_ABI

// clip/io/atomic_file.inl.hpp: definitions of clip/io/atomic_file.hpp.
#pragma once

#include <clip/io/atomic_file.hpp>
#include <clip/io/bytes.hpp>
#include <clip/io/posix.hpp>
#include <clip/io/sha256.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <utility>

namespace clip::inline CLIP_ABI {

namespace detail {

CLIP_HOST std::string partial_name(const std::string& name) {
  constexpr std::size_t longest = 255;
  const std::string end = ".partial";
  if (name.size() + end.size() + 1 <= longest) return "." + name + end;
  const std::string digits = sha256(as_byte_span(name)).substr(0, 16);
  return "." + name.substr(0, longest - 2 - digits.size() - end.size()) + "-" + digits + end;
}

}  // namespace detail

CLIP_HOST Result<void> AtomicFile::try_write(std::span<const std::byte> bytes) {
  if (failed_) return *failed_;
  if (buffer_.size() + bytes.size() > buffer_size) {
    if (auto done = flush(); !done) return done;
    if (bytes.size() >= buffer_size) return to_disk(bytes);
  }
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
  return {};
}

CLIP_HOST Result<void> AtomicFile::try_sync() {
  if (auto done = flush(); !done) return done;
  if (!file_) return SystemError{path_, "nothing to commit: the file is complete or was abandoned"};
  if (::fsync(file_.number()) != 0) return fail("writing to the disk failed", errno);
  return {};
}

CLIP_HOST Result<void> AtomicFile::try_commit() {
  if (auto done = try_sync(); !done) return done;
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) return fail("replacing failed", errno);
  temporary_.clear();
  unfinished_ = {};
  const bool closed = file_.close();
  const int code = errno;
  sync_folder();
  if (!closed) return fail("closing failed", code);
  return {};
}

CLIP_HOST Result<void> AtomicFile::fail(const std::string& what, int code) {
  failed_ = detail::system_error(path_, what, code).with_id("clip.system.write");
  abandon();
  return *failed_;
}

CLIP_HOST Result<void> AtomicFile::flush() {
  if (failed_) return *failed_;
  auto done = to_disk(buffer_);
  buffer_.clear();
  return done;
}

CLIP_HOST Result<void> AtomicFile::to_disk(std::span<const std::byte> bytes) {
  if (!file_ && !bytes.empty()) return SystemError{path_, "written to after it was complete"};
  while (!bytes.empty()) {
    const ssize_t n = ::write(file_.number(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail("writing failed", errno);
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return {};
}

CLIP_HOST void AtomicFile::abandon() {
  if (file_ && !temporary_.empty()) ::unlink(temporary_.c_str());
  temporary_.clear();
  unfinished_ = {};
  file_.close();
}

CLIP_HOST void AtomicFile::sync_folder() const {
  const detail::Descriptor folder{::open(detail::folder_of(target_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (folder) ::fsync(folder.number());
}

CLIP_HOST Result<AtomicFile> AtomicFile::try_create(const std::string& path, Links links) {
  AtomicFile result{path};
  struct stat old {};
  result.target_ = path;
  if (links == Links::followed && ::lstat(path.c_str(), &old) == 0 && S_ISLNK(old.st_mode)) {
    char* const resolved = ::realpath(path.c_str(), nullptr);
    if (resolved == nullptr) return detail::system_error(path, "the symbolic link is broken", errno);
    result.target_ = resolved;
    std::free(resolved);
  }
  const bool replaces = ::stat(result.target_.c_str(), &old) == 0;
  if (replaces && !S_ISREG(old.st_mode)) return SystemError{path, "cannot be replaced: not a regular file"};

  const auto slash = result.target_.rfind('/');
  const std::size_t name = slash == std::string::npos ? 0 : slash + 1;
  if (name == result.target_.size()) return SystemError{path, "cannot be written: the path names no file"};
  std::string temporary = result.target_.substr(0, name) + detail::partial_name(result.target_.substr(name));

  for (;;) {
    result.file_ =
        detail::Descriptor{::open(temporary.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666)};
    if (!result.file_) return detail::system_error(path, "cannot be written (" + temporary + ")", errno);
    const int file = result.file_.number();
    if (::flock(file, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
      return SystemError{path, "another process is writing it (" + temporary + " is locked)"}.with_id(
          "clip.system.locked");
    // Between open and lock the previous writer may have renamed or removed the file: check that the path still refers
    // to the locked file.
    struct stat held {
    }, there{};
    if (::fstat(file, &held) != 0) return detail::system_error(path, "cannot be examined", errno);
    if (::lstat(temporary.c_str(), &there) == 0 && held.st_dev == there.st_dev && held.st_ino == there.st_ino) break;
  }
  result.unfinished_ = detail::Unfinished::file(temporary);
  result.temporary_ = std::move(temporary);  // a copy may find no memory, and the file would stay
  if (::ftruncate(result.file_.number(), 0) != 0) return detail::system_error(path, "cannot be written", errno);
  if (replaces && ::fchmod(result.file_.number(), old.st_mode & 07777) != 0)
    return detail::system_error(path, "cannot keep its permissions", errno);
  result.buffer_.reserve(buffer_size);
  return result;
}

CLIP_HOST Result<void> try_write_file(const std::string& path, std::span<const std::byte> bytes) {
  auto file = AtomicFile::try_create(path);
  if (!file) return file.error();
  if (auto done = file->try_write(bytes); !done) return done;
  return file->try_commit();
}

CLIP_HOST void write_file(const std::string& path, std::span<const std::byte> bytes) {
  try_write_file(path, bytes).value();
}

}  // namespace clip::inline CLIP_ABI

// clip/io/posix.inl.hpp: definitions of clip/io/posix.hpp.
#pragma once

#include <clip/io/posix.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

namespace clip::inline CLIP_ABI::detail {

CLIP_HOST bool Descriptor::close() { return number_ < 0 || ::close(std::exchange(number_, -1)) == 0; }

CLIP_HOST Error system_error(const std::string& path, const std::string& what, int code) {
  return SystemError{path, what + ": " + std::generic_category().message(code)};
}

CLIP_HOST std::string absolute_path(const std::string& path) {
  if (!path.empty() && path.front() == '/') return path;
  std::string folder(4096, '\0');
  if (::getcwd(folder.data(), folder.size()) == nullptr) return path;
  folder.resize(folder.find('\0'));
  return folder + "/" + path;
}

CLIP_HOST Error open_error(const std::string& path, int code) {
  if (code == ENOENT || code == ENOTDIR)
    return LoadError{path, "no such file (looked for " + absolute_path(path) + ")"}.with_id("clip.load.no_file");
  return system_error(path, "cannot be opened", code);
}

CLIP_HOST Result<RegularFile> try_open_regular(const std::string& path) {
  Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};  // opening a pipe must not block
  if (!file) return open_error(path, errno);
  struct stat status {};
  if (::fstat(file.number(), &status) != 0) return system_error(path, "cannot be examined", errno);
  if (!S_ISREG(status.st_mode))
    return LoadError{path, S_ISDIR(status.st_mode) ? "expected a file, found a folder" : "not a regular file"};
  return RegularFile{std::move(file), static_cast<std::size_t>(status.st_size)};
}

CLIP_HOST std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

CLIP_HOST bool is_there(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0;
}

CLIP_HOST bool is_folder(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

}  // namespace clip::inline CLIP_ABI::detail

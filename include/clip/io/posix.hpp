// clip/io/posix.hpp: RAII file descriptor, and error messages of POSIX calls.
#pragma once

#include <clip/core/error.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

namespace clip::inline CLIP_ABI::detail {

/// A file descriptor that closes itself.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_{number} {}
  Descriptor(Descriptor&& other) noexcept : number_{std::exchange(other.number_, -1)} {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() { close(); }

  int number() const { return number_; }
  explicit operator bool() const { return number_ >= 0; }
  /// False if the system reports a delayed write error.
  bool close() { return number_ < 0 || ::close(std::exchange(number_, -1)) == 0; }

 private:
  int number_ = -1;
};

/// "x.bin: writing failed: No space left on device"
inline Error system_error(const std::string& path, const std::string& what, int code) {
  return SystemError{path, what + ": " + std::generic_category().message(code)};
}

/// The absolute path, for messages about a missing file.
inline std::string absolute_path(const std::string& path) {
  if (!path.empty() && path.front() == '/') return path;
  std::string folder(4096, '\0');
  if (::getcwd(folder.data(), folder.size()) == nullptr) return path;
  folder.resize(folder.find('\0'));
  return folder + "/" + path;
}

/// The error of a failed open: LoadError for a missing file, SystemError for everything else.
inline Error open_error(const std::string& path, int code) {
  if (code == ENOENT || code == ENOTDIR)
    return LoadError{path, "no such file (looked for " + absolute_path(path) + ")"}.with_id("clip.load.no_file");
  return system_error(path, "cannot be opened", code);
}

/// Whether the path exists; whether it is a folder. Both follow links.
inline bool is_there(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0;
}
inline bool is_folder(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

}  // namespace clip::inline CLIP_ABI::detail

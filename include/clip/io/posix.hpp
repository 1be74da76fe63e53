// clip/io/posix.hpp: RAII file descriptor, and error messages of POSIX calls.
#pragma once

#include <clip/core/result.hpp>

#include <cstddef>
#include <string>
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
  CLIP_HOST bool close();

 private:
  int number_ = -1;
};

/// "x.bin: writing failed: No space left on device"
CLIP_HOST Error system_error(const std::string& path, const std::string& what, int code);

/// The absolute path, for messages about a missing file.
CLIP_HOST std::string absolute_path(const std::string& path);

/// The error of a failed open: LoadError for a missing file, SystemError for everything else.
CLIP_HOST Error open_error(const std::string& path, int code);

/// A regular file, open for reading, and its size. Does not wait for the writer of a pipe.
/// LoadError: no such file (with its absolute path), or not a regular file. SystemError: it cannot be opened.
struct RegularFile {
  Descriptor descriptor;
  std::size_t size;
};
[[nodiscard]] CLIP_HOST Result<RegularFile> try_open_regular(const std::string& path);

/// The folder that a path is in: "." for a name alone.
CLIP_HOST std::string folder_of(const std::string& path);

/// Whether the path exists; whether it is a folder. Both follow links.
CLIP_HOST bool is_there(const std::string& path);
CLIP_HOST bool is_folder(const std::string& path);

}  // namespace clip::inline CLIP_ABI::detail

#if !CLIP_HOST_LINKED
#include <clip/io/posix.inl.hpp>
#endif

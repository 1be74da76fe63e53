// clip/io/posix.hpp: RAII file descriptor, and error messages of POSIX calls.
#pragma once

#include <clip/core/error.hpp>

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

/// Whether the path exists; whether it is a folder. Both follow links.
CLIP_HOST bool is_there(const std::string& path);
CLIP_HOST bool is_folder(const std::string& path);

}  // namespace clip::inline CLIP_ABI::detail

#if !CLIP_HOST_LINKED
#include <clip/io/posix.inl.hpp>
#endif

// clip/io/unfinished.hpp: the files that this process is writing, for a handler of a signal that ends it.
#pragma once

#include <clip/core/abi.hpp>

#include <array>
#include <atomic>
#include <string>
#include <utility>

// One table per process, whatever the ABI tag of a translation unit: outside the inline namespace,
// constant-initialised.
namespace clip_process {
inline std::array<std::atomic<char*>, 64> unfinished{};  // paths; that of a folder ends with a slash
}  // namespace clip_process

namespace clip::inline CLIP_ABI {

/// Removes the temporary file of every AtomicFile of this process, and every folder that was made for them and is
/// empty. For a handler that ends the process: it allocates nothing and takes no lock (async-signal-safe). Afterwards
/// commits fail.
CLIP_HOST void remove_unfinished() noexcept;

namespace detail {

/// An entry of that table. Where the table is full there is none, and a signal leaves the file.
class Unfinished {
 public:
  Unfinished() = default;
  Unfinished(Unfinished&& other) noexcept : path_{std::exchange(other.path_, nullptr)} {}
  Unfinished& operator=(Unfinished&& other) noexcept {
    std::swap(path_, other.path_);
    return *this;
  }
  CLIP_HOST ~Unfinished();

  static CLIP_HOST Unfinished file(const std::string& path) noexcept;
  static CLIP_HOST Unfinished folder(const std::string& path) noexcept;

 private:
  static CLIP_HOST Unfinished entry(const std::string& path, bool folder) noexcept;

  char* path_ = nullptr;
};

}  // namespace detail

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/io/unfinished.inl.hpp>
#endif

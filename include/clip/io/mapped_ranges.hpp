// clip/io/mapped_ranges.hpp: addresses of mapped files, and a guard against files that shrink while they are mapped.
#pragma once

#include <clip/core/abi.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace clip_process {

/// A mapped file. Its path is cut to the array and ends with a zero byte.
struct MappedRange {
  std::atomic<std::uintptr_t> begin{0}, end{0};  // begin: 0 for a free entry, 1 for one that is being filled
  std::array<char, 512> path{};
};

// One table per process, whatever the ABI tag of a translation unit: outside the inline namespace,
// constant-initialised.
inline std::array<MappedRange, 64> mapped{};

}  // namespace clip_process

namespace clip::inline CLIP_ABI {

/// Installs a handler of SIGBUS for the whole process. The system sends this signal when the pages of a mapped file are
/// read that are no longer there, because another process truncated the file. The handler then writes one sentence with
/// the name of the file to standard error, calls remove_unfinished(), and ends the process with exit status 1. Faults
/// at other addresses go to the handler that was there before.
///
/// The library never calls it: signals belong to the program. Without it a file that shrinks ends the process by
/// SIGBUS. Weights used in place stay mapped for the life of the model, others while they are loaded; images, lists and
/// configurations are read into memory and need no guard.
CLIP_HOST void guard_mapped_files();

namespace detail {

/// Enters a mapping into the table; without effect if the table is full.
CLIP_HOST void note_mapped(std::span<const std::byte> bytes, const std::string& path) noexcept;
CLIP_HOST void forget_mapped(std::span<const std::byte> bytes) noexcept;

}  // namespace detail

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/io/mapped_ranges.inl.hpp>
#endif

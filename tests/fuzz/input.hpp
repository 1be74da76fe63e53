// tests/fuzz/input.hpp: input conversion and assertion of the fuzz targets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#if defined(__has_feature)
#if __has_feature(memory_sanitizer)
#include <sanitizer/msan_interface.h>
#define CLIP_MEMORY_SANITIZER 1
#endif
#endif

namespace clip::testing {

inline std::span<const std::byte> as_input(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const std::byte*>(data), size};
}

/// Asserts a property of every input: the fuzzer stops if it does not hold.
inline void must(bool holds) {
  if (!holds) std::abort();
}

/// MemorySanitizer stops if one of the bytes was not written. (A sum of them that must be possible is optimised away.)
inline void must_be_written([[maybe_unused]] std::span<const std::byte> bytes) {
#if defined(CLIP_MEMORY_SANITIZER)
  __msan_check_mem_is_initialized(bytes.data(), bytes.size());
#endif
}

}  // namespace clip::testing

// tests/fuzz/input.hpp: input conversion and assertion of the fuzz targets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

namespace clip::testing {

inline std::span<const std::byte> as_input(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const std::byte*>(data), size};
}

/// Asserts a property of every input: the fuzzer stops if it does not hold.
inline void must(bool holds) {
  if (!holds) std::abort();
}

/// Depends on the value of every byte, so that MemorySanitizer reports one that was not written.
inline void must_be_written(std::span<const std::byte> bytes) {
  std::size_t sum = 0;
  for (const std::byte b : bytes) sum += static_cast<std::size_t>(b);
  must(sum <= 255 * bytes.size());
}

}  // namespace clip::testing

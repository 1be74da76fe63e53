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

}  // namespace clip::testing

// tests/fuzz/input.hpp: what every fuzz target is given.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

namespace clip::testing {

inline std::span<const std::byte> as_input(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const std::byte*>(data), size};
}

/// What holds of every input; the fuzzer stops where it does not.
inline void must(bool holds) {
  if (!holds) std::abort();
}

}  // namespace clip::testing

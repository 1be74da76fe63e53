// tests/golden/patterns.hpp: pixels that the tests and the scripts of reference results both draw.
#pragma once

#include <clip/core/size.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

/// The patterns of make_resize.py.
inline std::vector<std::uint8_t> pattern(const std::string& name, clip::Index width, clip::Index height,
                                         clip::Index channels) {
  std::vector<std::uint8_t> bytes;
  bytes.reserve(static_cast<std::size_t>(width * height * channels));
  for (std::uint32_t y = 0; y < height; ++y)
    for (std::uint32_t x = 0; x < width; ++x)
      for (std::uint32_t c = 0; c < channels; ++c) {
        if (name == "waves") {
          bytes.push_back(static_cast<std::uint8_t>(7 * x + 13 * y + 29 * c + 5 * ((x * y) % 17)));
          continue;
        }
        std::uint32_t h = x * 0x9E3779B1U + y * 0x85EBCA77U + c * 0xC2B2AE3DU;
        h ^= h >> 15;
        h *= 0x2C1B3C6DU;
        h ^= h >> 12;
        h *= 0x297A2D39U;
        bytes.push_back(static_cast<std::uint8_t>(std::clamp(static_cast<int>(h >> 23) - 128, 0, 255)));
      }
  return bytes;
}

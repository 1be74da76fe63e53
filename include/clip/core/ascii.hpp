// clip/core/ascii.hpp: lower case of ASCII letters; other bytes stay.
#pragma once

#include <clip/core/abi.hpp>

#include <algorithm>
#include <string>

namespace clip::inline CLIP_ABI::detail {

constexpr char lower_ascii(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

inline std::string lower_ascii(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) { return lower_ascii(c); });
  return text;
}

}  // namespace clip::inline CLIP_ABI::detail

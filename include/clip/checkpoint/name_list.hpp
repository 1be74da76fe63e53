// clip/checkpoint/name_list.hpp: lists of tensor names in error messages.
#pragma once

#include <clip/core/abi.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace clip::inline CLIP_ABI::detail {

/// Appends "3 missing (a, b, c)", with at most eight names.
inline void add_names(std::string& text, const char* what, const std::vector<std::string>& names) {
  if (names.empty()) return;
  text += (text.empty() ? "" : "; ") + std::to_string(names.size()) + " " + what + " (";
  for (std::size_t i = 0; i < names.size() && i < 8; ++i) text += (i ? ", " : "") + names[i];
  text += names.size() > 8 ? ", …)" : ")";
}

}  // namespace clip::inline CLIP_ABI::detail

// clip/io/csv_field.hpp: a field of a CSV file.
#pragma once

#include <clip/core/abi.hpp>

#include <string>

namespace clip::inline CLIP_ABI::detail {

/// A field of CSV: in quotes where it has a separator, a quote or a line break.
inline std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == text.npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + '"';
}

}  // namespace clip::inline CLIP_ABI::detail

// clip/io/lines.inl.hpp: definitions of clip/io/lines.hpp.
#pragma once

#include <clip/io/bytes.hpp>
#include <clip/io/file_bytes.hpp>
#include <clip/io/lines.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace clip::inline CLIP_ABI {

CLIP_HOST Result<std::vector<std::string>> try_parse_lines(std::string_view text, const std::string& place) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  std::vector<std::string> lines;
  std::size_t empty = 0;  // number of the first empty line since the last non-empty one
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.find('\0') != line.npos)
      return LoadError{place, "line " + std::to_string(number) + ": a zero byte: expected UTF-8 text"};
    if (line.find_first_not_of(" \t") == line.npos) {
      if (empty == 0) empty = number;
      continue;
    }
    if (empty != 0) return LoadError{place, "line " + std::to_string(empty) + ": empty"};
    lines.emplace_back(line);
  }
  if (lines.empty()) return LoadError{place, "no lines"};
  return lines;
}

CLIP_HOST Result<std::vector<std::string>> try_lines(const std::string& path) {
  const auto file = try_read_input(path);
  if (!file) return file.error();
  return try_parse_lines(as_text(*file), path);
}

CLIP_HOST std::vector<std::string> lines(const std::string& path) { return try_lines(path).value(); }

}  // namespace clip::inline CLIP_ABI

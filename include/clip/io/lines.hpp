// clip/io/lines.hpp: text files with one entry per line: labels, templates, captions.
#pragma once

#include <clip/core/result.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace clip::inline CLIP_ABI {

/// The lines of a text without their terminators (LF or CR LF; optional on the last line) and without a byte order
/// mark. Line i is entry i, so an empty line between other lines is an error. Empty lines at the end are ignored.
/// LoadError: an empty line (with its number), a zero byte (binary data or UTF-16), no lines.
[[nodiscard]] CLIP_HOST Result<std::vector<std::string>> try_parse_lines(std::string_view text,
                                                                         const std::string& place);

/// The lines of a file or a pipe: labels, templates, captions.
[[nodiscard]] CLIP_HOST Result<std::vector<std::string>> try_lines(const std::string& path);
CLIP_HOST std::vector<std::string> lines(const std::string& path);

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/io/lines.inl.hpp>
#endif

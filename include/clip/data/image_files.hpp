// clip/data/image_files.hpp: list of the image files of a folder, by file name extension.
#pragma once

#include <clip/core/ascii.hpp>
#include <clip/core/result.hpp>
#include <clip/io/list_files.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Extensions of image files, case-insensitive. They only choose the files of a folder: the format of a file follows
/// from its first bytes. The list includes formats that a build may not support: reading such a file is an explicit
/// error, so that no file is skipped silently.
inline constexpr std::array<std::string_view, 14> image_extensions{
    ".bmp", ".dib", ".gif", ".jfif", ".jpe", ".jpeg", ".jpg", ".pbm", ".pgm", ".png", ".pnm", ".ppm", ".tga", ".webp"};

constexpr bool has_image_extension(std::string_view name) {
  return std::any_of(image_extensions.begin(), image_extensions.end(), [&](std::string_view extension) {
    if (name.size() <= extension.size()) return false;
    const std::string_view tail = name.substr(name.size() - extension.size());
    return std::equal(tail.begin(), tail.end(), extension.begin(),
                      [](char c, char small) { return detail::lower_ascii(c) == small; });
  });
}

/// The image files of a folder, sorted by the bytes of their paths; see try_list_files. LoadError: no such file.
[[nodiscard]] CLIP_HOST Result<std::vector<std::string>> try_image_files(const std::string& folder,
                                                                         Below below = Below::subfolders);
CLIP_HOST std::vector<std::string> image_files(const std::string& folder, Below below = Below::subfolders);

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/data/image_files.inl.hpp>
#endif

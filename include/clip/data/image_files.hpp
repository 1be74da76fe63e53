// clip/data/image_files.hpp: the pictures of a folder, by the ends of their names.
#pragma once

#include <clip/io/list_files.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace clip::inline CLIP_ABI {

/// What names of pictures end with, in small or capital letters. Whether a file can be read is found out by reading it: one of a format
/// that this build does not know is an error of its own, not left out in silence.
inline constexpr std::array<std::string_view, 10> image_endings{".bmp", ".gif", ".jpeg", ".jpg", ".pgm",
                                                                ".png", ".pnm", ".ppm",  ".tga", ".webp"};

constexpr bool named_like_image(std::string_view name) {
  return std::any_of(image_endings.begin(), image_endings.end(), [&](std::string_view ending) {
    if (name.size() <= ending.size()) return false;
    const std::string_view tail = name.substr(name.size() - ending.size());
    return std::equal(tail.begin(), tail.end(), ending.begin(),
                      [](char c, char small) { return (c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c) == small; });
  });
}

/// The pictures below a folder, in the order of their paths' bytes; see try_list_files. LoadError: none there.
[[nodiscard]] inline Result<std::vector<std::string>> try_image_files(const std::string& folder,
                                                                      Below below = Below::subfolders) {
  auto files = try_list_files(folder, below, named_like_image);
  if (files && files->empty()) {
    std::string endings;
    for (const std::string_view ending : image_endings) endings += (endings.empty() ? "" : ", ") + std::string(ending);
    return LoadError{folder, "no images (looked for names ending with " + endings + ")"};
  }
  return files;
}
inline std::vector<std::string> image_files(const std::string& folder, Below below = Below::subfolders) {
  return try_image_files(folder, below).value();
}

}  // namespace clip::inline CLIP_ABI

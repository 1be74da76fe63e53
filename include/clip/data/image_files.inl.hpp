// clip/data/image_files.inl.hpp: definitions of clip/data/image_files.hpp.
#pragma once

#include <clip/data/image_files.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace clip::inline CLIP_ABI {

CLIP_HOST Result<std::vector<std::string>> try_image_files(const std::string& folder, Below below) {
  auto files = try_list_files(folder, below, has_image_extension);
  if (files && files->empty()) {
    std::string extensions;
    for (const std::string_view extension : image_extensions)
      extensions += (extensions.empty() ? "" : ", ") + std::string(extension);
    return LoadError{folder, "no images (looked for names ending with " + extensions + ")"};
  }
  return files;
}
CLIP_HOST std::vector<std::string> image_files(const std::string& folder, Below below) {
  return try_image_files(folder, below).value();
}

}  // namespace clip::inline CLIP_ABI

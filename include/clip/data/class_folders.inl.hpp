// clip/data/class_folders.inl.hpp: definitions of clip/data/class_folders.hpp.
#pragma once

#include <clip/data/class_folders.hpp>
#include <clip/data/image_files.hpp>
#include <clip/io/file_bytes.hpp>
#include <clip/io/posix.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

CLIP_HOST Result<LabelledImages> try_class_folders(const std::string& folder) {
  LabelledImages images{.place = folder};
  while (images.place.size() > 1 && images.place.ends_with('/')) images.place.pop_back();
  std::error_code failed;
  for (std::filesystem::directory_iterator entry{folder, failed}, end; !failed && entry != end;
       entry.increment(failed)) {
    std::error_code unknown;
    const std::string name = entry->path().filename().string();
    if (!name.starts_with('.') && entry->is_directory(unknown) && !entry->is_symlink(unknown))
      images.classes.push_back(name);
  }
  if (failed) return detail::open_error(folder, failed.value());
  if (images.classes.empty()) return LoadError{folder, "folders of classes", "1 or more", 0};
  std::ranges::sort(images.classes);

  for (std::size_t c = 0; c < images.classes.size(); ++c) {
    const auto files = try_image_files(images.place + '/' + images.classes[c]);
    if (!files) return files.error();
    for (const std::string& file : *files) {
      images.names.push_back(file.substr(images.place.size() + 1));
      images.labels.push_back(static_cast<std::int32_t>(c));
    }
  }
  images.load = [place = images.place, names = images.names](Index i) -> Result<StoredImage> {
    auto bytes = try_read_bytes(place + '/' + names[static_cast<std::size_t>(i)]);
    if (!bytes) return bytes.error();
    return StoredImage{std::move(*bytes)};
  };
  return images;
}

}  // namespace clip::inline CLIP_ABI

// clip/data/image_table.inl.hpp: definitions of clip/data/image_table.hpp.
#pragma once

#include <clip/data/image_table.hpp>
#include <clip/io/file_bytes.hpp>
#include <clip/io/posix.hpp>
#include <clip/io/text_list.hpp>

#include <cstddef>
#include <string>
#include <utility>

namespace clip::inline CLIP_ABI {

CLIP_HOST Result<LabelledImages> try_image_table(const std::string& path, const ImageTableOptions& options) {
  auto paths = try_read_text_list(path, {.column = options.path_column});
  if (!paths) return paths.error();
  const auto labels = try_read_text_list(path, {.column = options.label_column});
  if (!labels) return labels.error();

  LabelledImages images{.place = path, .classes = options.classes};
  auto indices = detail::try_labels(labels->texts, images.classes, [&](std::size_t i) { return labels->where(i); });
  if (!indices) return indices.error();
  images.labels = std::move(*indices);
  images.names = std::move(paths->texts);
  images.load = [folder = detail::folder_of(path), names = images.names](Index i) -> Result<StoredImage> {
    const std::string& name = names[static_cast<std::size_t>(i)];
    auto bytes = try_read_bytes(name.starts_with('/') ? name : folder + '/' + name);
    if (!bytes) return bytes.error();
    return StoredImage{std::move(*bytes)};
  };
  return images;
}

}  // namespace clip::inline CLIP_ABI

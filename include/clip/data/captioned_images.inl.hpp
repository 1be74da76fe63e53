// clip/data/captioned_images.inl.hpp: definitions of clip/data/captioned_images.hpp.
#pragma once

#include <clip/data/captioned_images.hpp>
#include <clip/data/image_files.hpp>
#include <clip/io/lines.hpp>
#include <clip/io/posix.hpp>
#include <clip/io/text_list.hpp>

#include <unordered_map>
#include <utility>

namespace clip::inline CLIP_ABI {

CLIP_HOST Result<CaptionedImages> try_caption_table(const std::string& path, const CaptionTableOptions& options) {
  const auto images = try_read_text_list(path, {.column = options.image_column});
  if (!images) return images.error();
  auto captions = try_read_text_list(path, {.column = options.caption_column});
  if (!captions) return captions.error();
  const std::string folder = options.images.empty() ? detail::folder_of(path) : options.images;

  CaptionedImages list{.place = path, .images = {}, .captions = {}};
  std::unordered_map<std::string, std::size_t> known;
  for (std::size_t i = 0; i < images->size(); ++i) {
    const std::string& name = images->texts[i];
    const std::string file = name.starts_with('/') ? name : folder + '/' + name;
    const auto [at, is_new] = known.emplace(file, list.images.size());
    if (is_new) {
      if (!detail::is_there(file)) return LoadError{images->where(i), "image", "a file", "no " + file};
      list.images.push_back(file);
      list.captions.emplace_back();
    }
    list.captions[at->second].push_back(std::move(captions->texts[i]));
  }
  return list;
}

CLIP_HOST Result<CaptionedImages> try_caption_folder(const std::string& folder) {
  auto images = try_image_files(folder);
  if (!images) return images.error();
  CaptionedImages list{.place = folder, .images = std::move(*images), .captions = {}};
  for (const std::string& image : list.images) {
    const std::string path = image.substr(0, image.rfind('.')) + ".txt";
    auto captions = try_lines(path);
    if (!captions) return captions.error();
    list.captions.push_back(std::move(*captions));
  }
  return list;
}

}  // namespace clip::inline CLIP_ABI

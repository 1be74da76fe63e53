// clip/data/tar_shards.inl.hpp: definitions of clip/data/tar_shards.hpp.
#pragma once

#include <clip/data/image_files.hpp>
#include <clip/data/image_table.hpp>
#include <clip/data/tar_shards.hpp>
#include <clip/io/bytes.hpp>
#include <clip/io/json.hpp>
#include <clip/io/mapped_file.hpp>
#include <clip/io/tar.hpp>

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {

/// The label in the JSON of a sample, as a text.
inline Result<std::string> try_json_label(std::span<const std::byte> content, const std::string& key,
                                          const std::string& place) {
  auto json = try_parse_json(as_text(content), place);
  if (!json) return json.error();
  const DismantledAtEnd end{*json};
  const auto found = json->find(key);
  if (!json->is_object() || found == json->end()) return LoadError{place, "key", '"' + key + '"', "none"};
  if (found->is_string()) return found->get<std::string>();
  if (found->is_number_integer()) return std::to_string(found->get<std::int64_t>());
  return LoadError{place, key, "a name or an index", json_in_words(*found)};
}

}  // namespace detail

CLIP_HOST Result<LabelledImages> try_tar_shards(const std::vector<std::string>& archives,
                                                const TarShardOptions& options) {
  struct Sample {
    std::size_t number;  // in the order of the archive
    std::optional<std::span<const std::byte>> image{};
    std::string name{}, label{};
  };
  if (archives.empty()) return LoadError{"tar shards", "archives", "1 or more", 0};
  LabelledImages images{.place = archives[0], .classes = options.classes};
  const auto mapped = std::make_shared<std::vector<MappedFile>>();
  std::vector<std::span<const std::byte>> contents;
  std::vector<std::string> labels;
  for (const std::string& archive : archives) {
    auto file = try_map_file(archive);
    if (!file) return file.error();
    const auto entries = try_parse_tar(file->bytes(), archive);
    if (!entries) return entries.error();
    std::map<std::string, Sample> samples;
    for (const TarEntry& entry : *entries) {
      const std::size_t slash = entry.name.rfind('/'), from = slash == entry.name.npos ? 0 : slash + 1;
      const std::size_t point = entry.name.find('.', from);
      if (point == entry.name.npos || point == from) continue;  // no extension, or a hidden file
      Sample& sample = samples.try_emplace(entry.name.substr(0, point), Sample{samples.size()}).first->second;
      const std::string place = archive + ": " + entry.name, extension = entry.name.substr(point + 1);
      if (has_image_extension(entry.name)) {
        if (sample.image) return LoadError{place, "images of a sample", 1, 2};
        sample.image = entry.content;
        sample.name = entry.name;
      } else if (extension == "cls") {
        std::string text{as_text(entry.content)};
        text.erase(text.find_last_not_of(" \t\r\n") + 1);
        sample.label = std::move(text);
      } else if (extension == "json" && sample.label.empty()) {
        auto label = detail::try_json_label(entry.content, options.label_key, place);
        if (!label) return label.error();
        sample.label = std::move(*label);
      }
    }
    std::vector<const Sample*> in_order(samples.size());
    for (const auto& [key, sample] : samples) in_order[sample.number] = &sample;
    for (const Sample* const sample : in_order) {
      if (!sample->image) continue;
      const std::string name =
          archives.size() > 1 ? archive.substr(archive.rfind('/') + 1) + ':' + sample->name : sample->name;
      if (sample->label.empty()) return LoadError{archive + ": " + sample->name, "a label", ".cls or .json", "none"};
      images.names.push_back(name);
      contents.push_back(*sample->image);
      labels.push_back(sample->label);
    }
    mapped->push_back(std::move(*file));
  }
  auto indices =
      detail::try_labels(labels, images.classes, [&](std::size_t i) { return images.where(static_cast<Index>(i)); });
  if (!indices) return indices.error();
  images.labels = std::move(*indices);
  images.load = [mapped, contents = std::move(contents)](Index i) -> Result<StoredImage> {
    const auto bytes = contents[static_cast<std::size_t>(i)];
    return StoredImage{std::vector<std::byte>(bytes.begin(), bytes.end())};
  };
  return images;
}

}  // namespace clip::inline CLIP_ABI

// clip/data/cifar.inl.hpp: definitions of clip/data/cifar.hpp.
#pragma once

#include <clip/data/cifar.hpp>
#include <clip/io/lines.hpp>
#include <clip/io/mapped_file.hpp>
#include <clip/io/posix.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

CLIP_HOST Result<LabelledImages> try_cifar(const std::vector<std::string>& files, CifarLabels kind,
                                           std::vector<std::string> classes) {
  constexpr std::size_t side = 32, plane = side * side;
  if (files.empty()) return LoadError{"cifar", "files", "1 or more", 0};
  const std::size_t labels = kind == CifarLabels::cifar10 ? 1 : 2, record = labels + 3 * plane;
  if (classes.empty()) {
    const char* const list = kind == CifarLabels::cifar10           ? "/batches.meta.txt"
                             : kind == CifarLabels::cifar100_coarse ? "/coarse_label_names.txt"
                                                                    : "/fine_label_names.txt";
    auto names = try_lines(detail::folder_of(files[0]) + list);
    if (!names) return names.error();
    classes = std::move(*names);
  }

  LabelledImages images{.place = detail::folder_of(files[0]), .classes = std::move(classes)};
  std::vector<std::span<const std::byte>> records;
  const auto mapped = std::make_shared<std::vector<MappedFile>>();
  for (const std::string& path : files) {
    auto file = try_map_file(path);
    if (!file) return file.error();
    const auto bytes = file->bytes();
    if (bytes.empty() || bytes.size() % record != 0)
      return LoadError{path, "bytes", "a multiple of " + std::to_string(record), bytes.size()};
    for (std::size_t i = 0; i < bytes.size() / record; ++i) {
      records.push_back(bytes.subspan(i * record, record));
      const auto label = std::to_integer<std::int32_t>(records.back()[kind == CifarLabels::cifar100_fine ? 1 : 0]);
      if (label >= images.class_count())
        return LoadError{path, "label of image " + std::to_string(i), "below " + std::to_string(images.class_count()),
                         label};
      images.labels.push_back(label);
      images.names.push_back(path.substr(path.rfind('/') + 1) + ':' + std::to_string(i));
    }
    mapped->push_back(std::move(*file));
  }
  images.load = [mapped, records = std::move(records), labels](Index i) -> Result<StoredImage> {
    const std::byte* const planes = records[static_cast<std::size_t>(i)].data() + labels;
    std::vector<std::uint8_t> pixels(3 * plane);
    for (std::size_t k = 0; k < plane; ++k)
      for (std::size_t c = 0; c < 3; ++c) pixels[3 * k + c] = std::to_integer<std::uint8_t>(planes[c * plane + k]);
    return StoredImage{Image{side, side, Pixels::rgb, std::move(pixels)}};
  };
  return images;
}

}  // namespace clip::inline CLIP_ABI

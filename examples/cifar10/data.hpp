// examples/cifar10/data.hpp: CIFAR-10 from a folder: images of training, validation and test.
#pragma once

#include <clip/core/error.hpp>
#include <clip/data/class_folders.hpp>
#include <clip/data/labelled_images.hpp>
#include <clip/io/file_bytes.hpp>
#include <clip/io/zip.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cifar {

using clip::Index;

inline constexpr Index side = 32;
inline constexpr std::array<std::string_view, 10> names{"airplane", "automobile", "bird",  "cat",  "deer",
                                                        "dog",      "frog",       "horse", "ship", "truck"};
inline constexpr auto class_count = static_cast<Index>(names.size());

inline std::vector<std::string> class_names() { return {names.begin(), names.end()}; }

/// The images class/0000.jpg of a zip file, in its order. LoadError: another class than the ten.
inline clip::LabelledImages open_zip(const std::string& path) {
  struct Archive {
    std::vector<std::byte> bytes;
    clip::ZipDirectory directory;
    std::vector<const clip::ZipEntry*> files{};
  };
  auto bytes = clip::try_read_bytes(path).value();
  auto directory = clip::try_parse_zip(bytes, path).value();
  const auto archive = std::make_shared<Archive>(std::move(bytes), std::move(directory));
  clip::LabelledImages images{.place = path, .classes = class_names()};
  for (const clip::ZipEntry& entry : archive->directory.entries()) {
    if (entry.name.ends_with('/')) continue;
    const std::string name = entry.name.substr(0, entry.name.find('/'));
    const auto at = std::ranges::find(names, name);
    if (at == names.end()) clip::raise(clip::LoadError{path, "folders", "the ten classes of CIFAR-10", name});
    images.names.push_back(entry.name);
    images.labels.push_back(static_cast<std::int32_t>(at - names.begin()));
    archive->files.push_back(&entry);
  }
  images.load = [archive](Index i) -> clip::Result<clip::StoredImage> {
    const clip::ZipEntry& entry = *archive->files[static_cast<std::size_t>(i)];
    const auto content = clip::try_read_entry(entry, archive->directory.place());
    if (!content) return content.error();
    return clip::StoredImage{std::vector<std::byte>(content->bytes.begin(), content->bytes.end())};
  };
  return images;
}

/// FOLDER/PART.zip or the class folders FOLDER/PART; an empty list if there is neither.
inline clip::LabelledImages open_part(const std::string& folder, const std::string& part) {
  const std::string path = folder + "/" + part;
  if (std::filesystem::exists(path + ".zip")) return open_zip(path + ".zip");
  if (!std::filesystem::exists(path)) return {};
  auto images = clip::try_class_folders(path).value();
  if (images.classes != class_names())
    clip::raise(clip::LoadError{path, "folders", "the ten classes of CIFAR-10", std::to_string(images.class_count())});
  return images;
}

/// Decoded images and their classes.
struct Part {
  std::vector<clip::Image> images;
  std::vector<std::int32_t> labels;  // each below 10

  Index size() const { return static_cast<Index>(labels.size()); }
};

struct Data {
  Part train{}, validation{}, test{};
  bool held_out = false;  // whether the test part is a part of the training file
};

/// Decodes image i of `from` to the end of `to`. LoadError: it is not 32 x 32.
inline void add(Part& to, const clip::LabelledImages& from, Index i) {
  clip::Image image = from.try_read(i).value();
  if (image.width() != side || image.height() != side)
    clip::raise(clip::LoadError{from.where(i), "pixels", "32 x 32",
                                std::to_string(image.width()) + " x " + std::to_string(image.height())});
  to.images.push_back(std::move(image));
  to.labels.push_back(from.labels[static_cast<std::size_t>(i)]);
}

/// Of each class, in the order of the files: the last fifth is the test part, if there is no other. A tenth before it is
/// the validation part, by which settings are chosen. LoadError: no images, a class of fewer than ten, a damaged image.
inline Data read(const std::string& folder) {
  const clip::LabelledImages all = open_part(folder, "train"), test = open_part(folder, "test");
  if (all.size() == 0)
    clip::raise(clip::LoadError{folder, "expected train.zip, or a folder train, with images class/0000.jpg"});
  std::vector<Index> sizes(names.size()), seen(names.size());
  for (const std::int32_t label : all.labels) ++sizes[static_cast<std::size_t>(label)];
  for (std::size_t c = 0; c < names.size(); ++c)
    if (sizes[c] < 10)
      clip::raise(clip::LoadError{all.place, "images of " + std::string(names[c]), "10 or more", sizes[c]});

  Data data{.held_out = test.size() == 0};
  for (Index i = 0; i < all.size(); ++i) {
    const auto c = static_cast<std::size_t>(all.labels[static_cast<std::size_t>(i)]);
    const Index held = data.held_out ? sizes[c] / 5 : 0, chosen_by = sizes[c] / 10, at = seen[c]++;
    if (at >= sizes[c] - held) add(data.test, all, i);
    else if (at >= sizes[c] - held - chosen_by) add(data.validation, all, i);
    else add(data.train, all, i);
  }
  for (Index i = 0; i < test.size(); ++i) add(data.test, test, i);
  return data;
}

}  // namespace cifar

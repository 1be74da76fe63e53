// clip/data/open_labelled_images.hpp: opening of labelled images that a JSON object describes.
#pragma once

#include <clip/core/result.hpp>
#include <clip/data/idx_images.hpp>
#include <clip/data/labelled_images.hpp>
#include <clip/io/json_reader.hpp>

#include <string>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {
using ReadIdxImages = Result<LabelledImages> (*)(const std::string&, const std::string&, std::vector<std::string>);
[[nodiscard]] CLIP_HOST Result<LabelledImages> try_open_labelled_images(JsonReader& description, ReadIdxImages idx);
}  // namespace detail

/// The images of a description, in one of the forms
///
///   {"folders": "caltech101"}                                           a folder per class: try_class_folders
///   {"table": "list.csv", "path_column": "path", "label_column": "label"}                   try_image_table
///   {"idx": "train-images.gz", "labels": "train-labels.gz", "classes": ["T-shirt", …]}      try_read_idx_images
///   {"cifar10": ["data_batch_1.bin", …]}, {"cifar100": ["train.bin"], "labels": "fine"}     try_cifar
///   {"shards": ["train-000.tar", …], "label_key": "label"}                                  try_tar_shards
///
/// each with "rules", a ClassRules or its file, and, except folders, with "classes": names, or a file with one per line.
/// LoadError: an unknown key, a value of another type; as the functions. The images pass try_check.
template <class Inflate = detail::Inflate>
[[nodiscard]] Result<LabelledImages> try_open_labelled_images(JsonReader description) {
  return detail::try_open_labelled_images(description, &try_read_idx_images<Inflate>);
}
/// The same of a JSON value; `place` is its file in messages.
template <class Inflate = detail::Inflate>
[[nodiscard]] Result<LabelledImages> try_open_labelled_images(const Json& description, const std::string& place) {
  return try_open_labelled_images<Inflate>(JsonReader{description, place});
}

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/data/open_labelled_images.inl.hpp>
#endif

// clip/data/idx_images.inl.hpp: definitions of clip/data/idx_images.hpp.
#pragma once

#include <clip/data/idx_images.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

CLIP_HOST Result<LabelledImages> try_idx_images(IdxArray images, IdxArray labels, std::vector<std::string> classes,
                                                const std::string& place) {
  if (images.shape.size() != 3)
    return LoadError{place, "extents of the images", "3 (images, height, width)", images.shape.size()};
  if (labels.shape.size() != 1) return LoadError{place, "extents of the labels", 1, labels.shape.size()};
  const Index n = images.shape[0], height = images.shape[1], width = images.shape[2];
  if (n != labels.shape[0]) return LoadError{place, "labels", n, labels.shape[0]};
  if (n != 0 && (height == 0 || width == 0)) return LoadError{place, "pixels of an image", "1 or more", 0};

  LabelledImages result{.place = place, .classes = std::move(classes)};
  result.labels.assign(labels.bytes.begin(), labels.bytes.end());
  for (Index i = 0; i < n; ++i) result.names.push_back(std::to_string(i));
  const auto pixels = std::make_shared<const std::vector<std::uint8_t>>(std::move(images.bytes));
  result.load = [pixels, height, width](Index i) -> Result<StoredImage> {
    const auto first = pixels->begin() + i * height * width;
    return StoredImage{Image{width, height, Pixels::gray, {first, first + height * width}}};
  };
  return result;
}

}  // namespace clip::inline CLIP_ABI

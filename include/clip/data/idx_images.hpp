// clip/data/idx_images.hpp: labelled images in a pair of IDX files (MNIST, Fashion-MNIST).
#pragma once

#include <clip/core/result.hpp>
#include <clip/data/idx.hpp>
#include <clip/data/labelled_images.hpp>

#include <string>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// The grey images of an array (n, height, width), with labels (n). `place` names the images' file.
/// LoadError: other extents, or another number of labels.
[[nodiscard]] CLIP_HOST Result<LabelledImages> try_idx_images(IdxArray images, IdxArray labels,
                                                              std::vector<std::string> classes,
                                                              const std::string& place);

/// The same of files, plain or gzipped. Errors also as try_read_idx.
template <class Inflate = detail::Inflate>
[[nodiscard]] Result<LabelledImages> try_read_idx_images(const std::string& images, const std::string& labels,
                                                         std::vector<std::string> classes) {
  auto pixels = try_read_idx<Inflate>(images);
  if (!pixels) return pixels.error();
  auto indices = try_read_idx<Inflate>(labels);
  if (!indices) return indices.error();
  return try_idx_images(std::move(*pixels), std::move(*indices), std::move(classes), images);
}

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/data/idx_images.inl.hpp>
#endif

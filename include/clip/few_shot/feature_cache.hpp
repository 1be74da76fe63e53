// clip/few_shot/feature_cache.hpp: features of all images of a dataset, computed once and kept on disk.
#pragma once

#include <clip/core/result.hpp>
#include <clip/core/rng.hpp>
#include <clip/core/stop.hpp>
#include <clip/data/labelled_images.hpp>
#include <clip/data/read_ahead.hpp>
#include <clip/image/model_input.hpp>
#include <clip/image/read.hpp>
#include <clip/io/bytes.hpp>
#include <clip/io/files.hpp>
#include <clip/io/npy.hpp>
#include <clip/io/npy_write.hpp>
#include <clip/io/sha256.hpp>
#include <clip/task/encode_images.hpp>
#include <clip/tensor/tensor.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <functional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// 64 hexadecimal digits that tell image towers apart by what they compute: the features of an image of noise. They
/// depend on every weight, on the type of the weights, and on the processor as far as the features do.
template <class M>
std::string image_tower_fingerprint(const M& model) {
  const ImageInput input = model.input();
  Images noise;
  noise.resize_for_reuse(1, input.channels, input.image_size, input.image_size);
  Rng rng{1};
  for (float& x : noise.values()) x = static_cast<float>(rng.normal());
  const auto features = model.encode_image(noise);
  return sha256(std::as_bytes(features.values()));
}

namespace detail {

/// NumericError: a feature that is not finite, of image i.
inline Result<void> try_finite(std::span<const float> features, const std::string& image) {
  if (std::ranges::all_of(features, [](float x) { return std::isfinite(x); })) return {};
  return NumericError{image, "image features that are not finite"};
}

/// Encodes images [begin, end).
template <class M>
Result<Features<float, dyn>> try_encode(const M& model, const LabelledImages& images, Index begin, Index end,
                                        Index batch) {
  std::vector<std::string> names;
  std::unordered_map<std::string, Index> places;
  for (Index i = begin; i < end; ++i) {
    names.push_back(images.where(i));
    places.emplace(names.back(), i);
  }
  ReadAhead ahead{std::move(names), model.input(), {.batch = batch, .reader = [&](const std::string& name) {
                                                      return images.try_read(places.at(name));
                                                    }}};
  auto all = try_encode_images(
      model, ahead,
      [&](Index i, std::span<const float> features) { return try_finite(features, images.where(begin + i)); },
      [](Index) {});
  if (ahead.stopped()) return stopped_error("image features");
  return all;
}

/// The rows of a part on disk. LoadError: of other extents, or not finite.
inline Result<Features<float, dyn>> try_read_part(const std::string& path, Index rows) {
  const auto array = try_read_npy<float>(path);
  if (!array) return array.error();
  if (array->shape.size() != 2 || array->shape[0] != rows || array->shape[1] < 1)
    return LoadError{path, "rows of features", rows, array->shape.empty() ? Index{0} : array->shape[0]};
  Features<float, dyn> part{rows, Size<dyn>{array->shape[1]}};
  std::ranges::copy(array->values, part.values().begin());
  if (auto good = try_finite(part.values(), path); !good) return good.error();
  return part;
}

}  // namespace detail

/// The features of all images, (n, embed_dim), as encode_image gives them. Computes those that are not in the folder
/// yet, in parts of 1,024 images, each a .npy file that is written atomically: an interrupted call goes on where it
/// stopped. The folder belongs to one model and one dataset; the caller's name for it holds both fingerprints.
/// Errors: an image that cannot be read or preprocessed; NumericError: features that are not finite; disk; a damaged
/// part; clip.system.stopped. progress(done, all): after each part.
template <class M>
[[nodiscard]] Result<Features<float, dyn>> try_cached_features(const M& model, const LabelledImages& images,
                                                               const std::string& folder, Index batch,
                                                               const std::function<void(Index, Index)>& progress = {}) {
  constexpr Index per_part = 1024;
  Features<float, dyn> all;
  for (Index begin = 0; begin < images.size(); begin += per_part) {
    const Index end = std::min(images.size(), begin + per_part);
    char name[32];
    std::snprintf(name, sizeof name, "/part-%05lld.npy", static_cast<long long>(begin / per_part));
    const std::string path = folder + name;
    const bool known = detail::may_be_there(path);
    const auto part =
        known ? detail::try_read_part(path, end - begin) : detail::try_encode(model, images, begin, end, batch);
    if (!part) return part.error();
    if (all.empty()) all = Features<float, dyn>{images.size(), Size<dyn>{part->width()}};
    if (part->width() != all.width()) return LoadError{path, "width of the features", all.width(), part->width()};
    std::ranges::copy(part->values(), all[begin].begin());
    if (!known) {
      const Index shape[]{part->size(), part->width()};
      if (auto done = try_write_npy<float>(path, shape, part->values()); !done) return done.error();
    }
    if (progress) progress(end, images.size());
  }
  return all;
}

/// Rows of features, in this order.
inline Features<float, dyn> rows_of(const Features<float, dyn>& features, std::span<const Index> rows) {
  Features<float, dyn> chosen{static_cast<Index>(rows.size()), Size<dyn>{features.width()}};
  Index at = 0;
  for (const Index i : rows) std::ranges::copy(features[i], chosen[at++].begin());
  return chosen;
}

}  // namespace clip::inline CLIP_ABI

// clip/few_shot/feature_cache.hpp: features of all images of a dataset, computed once and kept on disk.
#pragma once

#include <clip/core/result.hpp>
#include <clip/core/rng.hpp>
#include <clip/data/labelled_images.hpp>
#include <clip/few_shot/image_batches.hpp>
#include <clip/io/bytes.hpp>
#include <clip/io/files.hpp>
#include <clip/io/npy.hpp>
#include <clip/io/npy_write.hpp>
#include <clip/io/sha256.hpp>
#include <clip/learn/same_model.hpp>
#include <clip/tensor/tensor.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <functional>
#include <numeric>
#include <span>
#include <string>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {

/// NumericError: a feature that is not finite, of image i.
inline Result<void> try_finite(std::span<const float> features, const std::string& image) {
  if (std::ranges::all_of(features, [](float x) { return std::isfinite(x); })) return {};
  return NumericError{image, "image features that are not finite"};
}

}  // namespace detail

/// 64 hexadecimal digits that tell image towers apart by what they compute: the features of an image of noise. They
/// depend on every weight, on the type of the weights, and on the processor as far as the features do.
/// NumericError: they are not finite.
template <class M>
std::string image_tower_fingerprint(const M& model) {
  const auto features = detail::features_of_noise(model);
  detail::try_finite(features.values(), "an image of noise").value();
  return sha256(std::as_bytes(features.values()));
}

/// Features of the images at these places, encoded in batches: (places, embed_dim). With `how` the images are augmented,
/// as try_each_batch() says. Errors: those of try_each_batch(); NumericError: features that are not finite.
template <class M>
[[nodiscard]] Result<Features<float, dyn>> try_encode_places(const M& model, const LabelledImages& images,
                                                             std::span<const Index> places, Index batch,
                                                             const Augmentation* how = nullptr, Rng draws = Rng{0}) {
  Features<float, dyn> all;
  auto done = try_each_batch(images, places, model.input(), batch, how, draws,
                             [&](Index first, const Images& inputs) -> Result<void> {
                               const auto features = model.encode_image(inputs);
                               if (all.empty())
                                 all = Features<float, dyn>{static_cast<Index>(places.size()), features.width()};
                               for (Index i = 0; i < features.size(); ++i) {
                                 const Index place = places[static_cast<std::size_t>(first + i)];
                                 if (auto good = detail::try_finite(features[i], images.where(place)); !good)
                                   return good;
                                 std::ranges::copy(features[i], all[first + i].begin());
                               }
                               return {};
                             });
  if (!done) return done.error();
  return all;
}

namespace detail {

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
    std::vector<Index> places(static_cast<std::size_t>(end - begin));
    std::iota(places.begin(), places.end(), begin);
    const auto part =
        known ? detail::try_read_part(path, end - begin) : try_encode_places(model, images, places, batch);
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

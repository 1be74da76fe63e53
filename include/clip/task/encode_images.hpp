// clip/task/encode_images.hpp: features of the images that ReadAhead reads.
#pragma once

#include <clip/core/result.hpp>
#include <clip/core/size.hpp>
#include <clip/data/read_ahead.hpp>
#include <clip/tensor/tensor.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>

namespace clip::inline CLIP_ABI {

/// Encodes a batch: calls f(i, error, features) for each of its files in order, i its index in the list; error is null,
/// or says why the file could not be read and the features are empty. Features are not normalised.
template <class M, class F>
void encode_batch(const M& model, const ImageBatch& batch, F&& f) {
  using Features = decltype(model.encode_image(batch.images));
  const Features all = batch.images.size() == 0 ? Features{} : model.encode_image(batch.images);
  Index good = 0;
  for (std::size_t i = 0; i < batch.errors.size(); ++i) {
    const Index file = batch.first + static_cast<Index>(i);
    if (batch.errors[i]) f(file, static_cast<const Error*>(&*batch.errors[i]), decltype(all[0]){});
    else f(file, static_cast<const Error*>(nullptr), all[good++]);
  }
}

/// The features of all files of a list: (n, embed_dim), not normalised. check(i, features) : Result<void> refuses those
/// of a file; progress(done) is called after every batch. Empty if reading was cancelled.
/// Errors: the first file that cannot be read; what `check` finds.
template <class M, class Check, class Progress>
[[nodiscard]] Result<Features<float, dyn>> try_encode_images(const M& model, ReadAhead& ahead, Check&& check,
                                                             Progress&& progress) {
  Features<float, dyn> all;
  const auto count = static_cast<Index>(ahead.paths().size());
  while (const ImageBatch* const batch = ahead.next()) {
    for (const auto& error : batch->errors)
      if (error) return *error;
    Result<void> good{};
    encode_batch(model, *batch, [&](Index i, const Error*, std::span<const float> features) {
      if (good) good = check(i, features);
      if (!good) return;
      if (all.empty()) all = Features<float, dyn>{count, Size<dyn>{static_cast<Index>(features.size())}};
      std::ranges::copy(features, all[i].begin());
    });
    if (!good) return good.error();
    progress(batch->first + static_cast<Index>(batch->errors.size()));
  }
  if (ahead.stopped()) return Features<float, dyn>{};
  return all;
}

}  // namespace clip::inline CLIP_ABI

// clip/few_shot/image_batches.hpp: images of a dataset as model input, batch by batch, plain or augmented.
#pragma once

#include <clip/core/result.hpp>
#include <clip/core/rng.hpp>
#include <clip/data/labelled_images.hpp>
#include <clip/image/augment/augment.hpp>
#include <clip/image/model_input.hpp>

#include <functional>
#include <span>

namespace clip::inline CLIP_ABI {

/// How training images are augmented.
struct FewShotAugmentation {
  Augmentation how{};
  Index views = 10;  // whose mean feature is a key of Tip-Adapter's cache (Zhang et al. 2022)
};

/// Calls f(first, batch) for every `batch` consecutive places of `places`, in order; several threads decode ahead. With
/// `how` each image is augmented by draws that depend on `draws` and its name alone. Errors: an image that cannot be
/// read or preprocessed; f's; clip.system.stopped.
[[nodiscard]] CLIP_HOST Result<void> try_each_batch(const LabelledImages& images, std::span<const Index> places,
                                                    const ImageInput& input, Index batch, const Augmentation* how,
                                                    const Rng& draws,
                                                    const std::function<Result<void>(Index, const Images&)>& f);

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/few_shot/image_batches.inl.hpp>
#endif

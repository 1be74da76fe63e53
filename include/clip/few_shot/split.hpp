// clip/few_shot/split.hpp: training, validation and test images of a dataset, and the few of them that are learned from.
#pragma once

#include <clip/core/result.hpp>
#include <clip/core/rng.hpp>
#include <clip/core/size.hpp>
#include <clip/data/labelled_images.hpp>

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Of the images of each class; the rest is for the test.
struct SplitShares {
  double train = 0.5, validation = 0.2;
};

/// Three sets of images without common ones: their places in the list, class by class.
struct ImageSplit {
  std::vector<Index> train, validation, test;
};

/// Shuffles the n images of each class, and takes round(train · n), then round(validation · n) of them, a half rounded
/// to even (CoOp's split of Caltech-101, Zhou et al. 2022). The order of a class depends on the random stream and its
/// name alone. test_begin: images from there on are the test set, and the shares are those of the images before; what
/// both shares leave is not used.
/// OptionError: shares that are no numbers between 0 and 1, or sum to more than 1.
[[nodiscard]] CLIP_HOST Result<ImageSplit> try_split(const LabelledImages& images, const SplitShares& shares, Rng rng,
                                                     std::optional<Index> test_begin = {});

/// k of the images of each class, without replacement, in the order of the classes. The choice of a class depends on the
/// random stream and its name alone. InputError clip.input.shots: a class has fewer.
[[nodiscard]] CLIP_HOST Result<std::vector<Index>> try_sample_shots(const LabelledImages& images,
                                                                    std::span<const Index> from, Index k, Rng rng);

/// The training images of k shots, and min(k, 4) validation images of each class, all if there are fewer.
struct FewShotSubset {
  std::vector<Index> train, validation;
};

/// Each set from a stream of its own. InputError clip.input.shots: a class has fewer training images.
[[nodiscard]] CLIP_HOST Result<FewShotSubset> try_few_shot_subset(const LabelledImages& images, const ImageSplit& split,
                                                                  Index k, Rng rng);

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/few_shot/split.inl.hpp>
#endif

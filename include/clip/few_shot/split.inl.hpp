// clip/few_shot/split.inl.hpp: definitions of clip/few_shot/split.hpp.
#pragma once

#include <clip/few_shot/split.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {

/// The images of each class.
inline std::vector<std::vector<Index>> by_class(const LabelledImages& images, std::span<const Index> from) {
  std::vector<std::vector<Index>> classes(images.classes.size());
  for (const Index i : from) classes[static_cast<std::size_t>(images.labels[static_cast<std::size_t>(i)])].push_back(i);
  return classes;
}

inline void shuffle(std::vector<Index>& items, Rng rng) {  // Fisher and Yates
  for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[rng.below(i)]);
}

/// Without a limit, up to `k` of each class; otherwise an error for a class with fewer.
inline Result<std::vector<Index>> try_sample(const LabelledImages& images, std::span<const Index> from, Index k,
                                             Rng rng, bool all_if_fewer) {
  std::vector<Index> chosen;
  const auto classes = by_class(images, from);
  for (std::size_t c = 0; c < classes.size(); ++c) {
    std::vector<Index> items = classes[c];
    const auto count = static_cast<Index>(items.size());
    if (count < k && !all_if_fewer)
      return InputError{images.place, "training images of class \"" + images.classes[c] + '"',
                        std::to_string(k) + " or more, one per shot", count}
          .with_id("clip.input.shots");
    shuffle(items, rng.fork(images.classes[c]));
    chosen.insert(chosen.end(), items.begin(), items.begin() + std::min(k, count));
  }
  return chosen;
}

}  // namespace detail

CLIP_HOST Result<ImageSplit> try_split(const LabelledImages& images, const SplitShares& shares, Rng rng,
                                       std::optional<Index> test_begin) {
  for (const double share : {shares.train, shares.validation})
    if (!(share >= 0 && share <= 1)) return OptionError{"split", "share of the images", "from 0 to 1", share};
  if (shares.train + shares.validation > 1 + 1e-9)
    return OptionError{"split", "shares of training and validation together", "at most 1",
                       shares.train + shares.validation};
  ImageSplit split;
  std::vector<Index> all;
  for (Index i = 0; i < images.size(); ++i) {
    if (test_begin && i >= *test_begin) split.test.push_back(i);
    else all.push_back(i);
  }
  auto classes = detail::by_class(images, all);
  for (std::size_t c = 0; c < classes.size(); ++c) {
    std::vector<Index>& items = classes[c];
    detail::shuffle(items, rng.fork(images.classes[c]));
    const auto n = static_cast<Index>(items.size());
    const auto rounded = [&](double share) {
      return static_cast<Index>(std::nearbyint(share * static_cast<double>(n)));
    };
    const Index train = std::min(n, rounded(shares.train)),
                validation = std::min(n - train, rounded(shares.validation));
    const auto validation_begin = items.begin() + train, rest_begin = validation_begin + validation;
    split.train.insert(split.train.end(), items.begin(), validation_begin);
    split.validation.insert(split.validation.end(), validation_begin, rest_begin);
    if (!test_begin) split.test.insert(split.test.end(), rest_begin, items.end());
  }
  return split;
}

CLIP_HOST Result<std::vector<Index>> try_sample_shots(const LabelledImages& images, std::span<const Index> from,
                                                      Index k, Rng rng) {
  return detail::try_sample(images, from, k, rng, false);
}

CLIP_HOST Result<FewShotSubset> try_few_shot_subset(const LabelledImages& images, const ImageSplit& split, Index k,
                                                    Rng rng) {
  auto train = detail::try_sample(images, split.train, k, rng.fork("train"), false);
  if (!train) return train.error();
  auto validation = detail::try_sample(images, split.validation, std::min<Index>(k, 4), rng.fork("validation"), true);
  if (!validation) return validation.error();
  return FewShotSubset{std::move(*train), std::move(*validation)};
}

}  // namespace clip::inline CLIP_ABI

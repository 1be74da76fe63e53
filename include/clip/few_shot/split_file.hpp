// clip/few_shot/split_file.hpp: splits and few-shot subsets as readable files.
#pragma once

#include <clip/core/result.hpp>
#include <clip/data/labelled_images.hpp>
#include <clip/few_shot/split.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Of what a file of image sets is.
struct SplitFacts {
  std::string fingerprint;  // of the dataset
  std::uint64_t seed = 0;
  std::string kind;  // what was chosen, and how: "split of shares 0.5 and 0.2"
};

/// A named set of images.
struct ImageSet {
  std::string name;
  std::vector<Index> images;
};

/// Reads the sets of these names from a file, or, where there is none, writes `made` there, atomically, and returns it.
/// The file is JSON: the facts, then the name of each image, one a line. So a split is drawn once, and a user may write
/// one. LoadError clip.load.changed: the dataset is not the one that the file was written for. Other LoadErrors: the
/// file is of another seed or kind, or damaged; an image that the dataset does not have, or that is in two sets.
[[nodiscard]] CLIP_HOST Result<std::vector<ImageSet>> try_keep_sets(const std::string& path,
                                                                    const LabelledImages& images,
                                                                    const SplitFacts& facts,
                                                                    std::vector<ImageSet> made);

/// The same of a split and of a few-shot subset.
[[nodiscard]] CLIP_HOST Result<ImageSplit> try_keep_split(const std::string& path, const LabelledImages& images,
                                                          const SplitFacts& facts, ImageSplit made);
[[nodiscard]] CLIP_HOST Result<FewShotSubset> try_keep_subset(const std::string& path, const LabelledImages& images,
                                                              const SplitFacts& facts, FewShotSubset made);

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/few_shot/split_file.inl.hpp>
#endif

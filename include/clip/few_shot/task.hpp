// clip/few_shot/task.hpp: what a few-shot method is given.
#pragma once

#include <clip/core/rng.hpp>
#include <clip/core/size.hpp>
#include <clip/data/labelled_images.hpp>
#include <clip/few_shot/image_batches.hpp>
#include <clip/learn/labelled_features.hpp>
#include <clip/tensor/tensor.hpp>
#include <clip/tokenizer/options.hpp>
#include <clip/tokens/texts.hpp>
#include <clip/train/run_log.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Any tokenizer: a function from strings to token ids.
using TextTokenizer = std::function<Texts(std::span<const std::string>, const TokenizeOptions&)>;

/// The part of an experiment that is the same in all its runs.
template <class M>
struct FewShotSetting {
  const M& model;
  TextTokenizer tokenizer;
  const LabelledImages& images;
  std::vector<std::string> templates{};
  std::optional<FewShotAugmentation> augmentation{};  // of training images; none: their features are stored
  Index batch = 32;                                   // images encoded at a time
  Features<float, dyn> class_features{};              // of unit length: the mean direction of each class's prompts

  const std::vector<std::string>& classes() const { return images.classes; }
  Index class_count() const { return images.class_count(); }
};

/// One run: a few images of each class to learn from, and images to score. Features are those of encode_image, not of
/// unit length, and finite. The labels of test images are not for methods.
template <class M>
struct FewShotTask {
  const FewShotSetting<M>& setting;
  Index shots = 0;  // 0: for methods that do not learn
  std::uint64_t seed = 0;
  Rng rng{0};  // of this seed, number of shots and label of the method
  LabelledFeatures<float> train{}, validation{};
  Features<float, dyn> test{};
  std::vector<Index> train_images{}, validation_images{}, test_images{};  // their places in setting.images
  std::string folder{};                                                   // of the run's files, for checkpoints
  RunLog* log = nullptr;                                                  // of the run

  const M& model() const { return setting.model; }
  /// A seed for options that take one.
  std::uint64_t seed_for(std::string_view purpose) const {
    Rng stream = rng.fork(purpose);
    const std::uint64_t high = stream.bits(), low = stream.bits();
    return high << 32 | low;
  }
};

}  // namespace clip::inline CLIP_ABI

// clip/few_shot/sources.hpp: batches of few-shot training images, as features and as model input.
#pragma once

#include <clip/few_shot/feature_cache.hpp>
#include <clip/few_shot/task.hpp>
#include <clip/learn/labelled_features.hpp>
#include <clip/learn/train_block_classifier.hpp>

#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {

inline const Augmentation* augmentation_of(const std::optional<FewShotAugmentation>& chosen) {
  return chosen ? &chosen->how : nullptr;
}

/// The places in the dataset of items of a task's training images, and their labels.
template <class M>
std::vector<Index> places_of(const FewShotTask<M>& task, std::span<const Index> items,
                             std::vector<std::int32_t>& labels) {
  std::vector<Index> places;
  labels.clear();
  for (const Index i : items) {
    places.push_back(task.train_images[static_cast<std::size_t>(i)]);
    labels.push_back(task.train.labels[static_cast<std::size_t>(i)]);
  }
  return places;
}

}  // namespace detail

/// Batches of features for Trainer: the stored ones, or with an augmentation encoded anew for every batch. The draws
/// depend on the step and the image alone, so that a run that goes on has those of one that was not interrupted.
template <class M>
class FewShotFeatures {
 public:
  using Batch = LabelledFeatures<float>;

  /// Errors as FeatureSource.
  explicit FewShotFeatures(const FewShotTask<M>& task)
      : task_{&task}, stored_{task.train, task.setting.class_count()} {}

  Index size() const { return stored_.size(); }

  void batch(std::span<const Index> items, Rng rng, Batch& out) const {
    const FewShotSetting<M>& setting = task_->setting;
    if (!setting.augmentation) {
      stored_.batch(items, rng, out);
      return;
    }
    const std::vector<Index> places = detail::places_of(*task_, items, out.labels);
    out.features =
        try_encode_places(setting.model, setting.images, places, setting.batch, &setting.augmentation->how, rng)
            .value();
  }

 private:
  const FewShotTask<M>* task_;
  FeatureSource<float> stored_;
};

/// The same images as model input, read anew for every batch.
template <class M>
class FewShotInputs {
 public:
  using Batch = LabelledInputs;

  explicit FewShotInputs(const FewShotTask<M>& task) : task_{&task} {}

  Index size() const { return static_cast<Index>(task_->train_images.size()); }

  void batch(std::span<const Index> items, Rng rng, Batch& out) const {
    const FewShotSetting<M>& setting = task_->setting;
    const std::vector<Index> places = detail::places_of(*task_, items, out.labels);
    try_each_batch(setting.images, places, setting.model.input(), static_cast<Index>(places.size()),
                   detail::augmentation_of(setting.augmentation), rng,
                   [&](Index, const Images& inputs) -> Result<void> {
                     out.images = inputs;
                     return {};
                   })
        .value();
  }

 private:
  const FewShotTask<M>* task_;
};

/// Features of the training images: one pass of the stored ones, or as many passes as the augmentation has views. Those
/// depend on the seed and the number of shots, not on the method.
template <class M>
std::vector<Features<float, dyn>> few_shot_passes(const FewShotTask<M>& task) {
  const FewShotSetting<M>& setting = task.setting;
  if (!setting.augmentation) return {task.train.features};
  const Rng draws = Rng{task.seed}.fork("views").fork(static_cast<std::uint64_t>(task.shots));
  std::vector<Features<float, dyn>> passes;
  for (Index view = 0; view < setting.augmentation->views; ++view)
    passes.push_back(try_encode_places(setting.model, setting.images, task.train_images, setting.batch,
                                       &setting.augmentation->how, draws.fork(static_cast<std::uint64_t>(view)))
                         .value());
  return passes;
}

}  // namespace clip::inline CLIP_ABI

// clip/learn/train_on_features.hpp: training of classifiers of stored features.
#pragma once

#include <clip/learn/labelled_features.hpp>
#include <clip/optim/sgd.hpp>
#include <clip/train/trainer.hpp>

#include <algorithm>
#include <concepts>
#include <utility>

namespace clip::inline CLIP_ABI {

/// Trains a learner (ClipAdapter, MultimodalMlp, TipAdapter's keys, PromptLearner, CocoopLearner) by Trainer with the
/// cross-entropy of its logits, on batches of a source of LabelledFeatures. Batches have at most as many items as there
/// are; where a data set is larger than a batch, what does not fill one is skipped in that epoch. `progress` as
/// Trainer::run's. Errors as Trainer and the source.
template <class Learner, BatchSource Source, class O, std::predicate<const TrainProgress&> F>
bool train_on_features(Learner& learner, Source& source, TrainOptionsOf<O> options, F&& progress) {
  options.batch = std::min(options.batch, std::max<Index>(source.size(), 1));
  Trainer trainer{learner, source, std::move(options), {}, Classification{}};
  return trainer.run(progress);
}

/// The same on stored features. Those of several passes of augmentation are one set, one pass after the other, with
/// fewer epochs. Errors as Trainer and FeatureSource; ShapeError: features of another width.
///   train_on_features(prompt, {features, labels}, coop_training(16, images));
template <class Classifier, class O, std::predicate<const TrainProgress&> F>
bool train_on_features(Classifier& classifier, LabelledFeatures<typename Classifier::T> examples,
                       TrainOptionsOf<O> options, F&& progress) {
  if constexpr (requires { classifier.check_features(examples.features.view()); })
    classifier.check_features(examples.features.view());
  FeatureSource source{std::move(examples), classifier.class_count()};
  return train_on_features(classifier, source, std::move(options), std::forward<F>(progress));
}
template <class Classifier, class O>
bool train_on_features(Classifier& classifier, LabelledFeatures<typename Classifier::T> examples,
                       TrainOptionsOf<O> options) {
  return train_on_features(classifier, std::move(examples), std::move(options),
                           [](const TrainProgress&) { return true; });
}

}  // namespace clip::inline CLIP_ABI

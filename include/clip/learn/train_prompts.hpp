// clip/learn/train_prompts.hpp: the published training of learned prompts.
#pragma once

#include <clip/learn/labelled_features.hpp>
#include <clip/optim/schedule.hpp>
#include <clip/optim/sgd.hpp>
#include <clip/train/trainer.hpp>

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <utility>

namespace clip::inline CLIP_ABI {

/// CoOp's training for `shots` images per class: SGD with rate 0.002, momentum 0.9, weight decay 5e-4; 50 epochs for one
/// image, 100 for two or four, 200 for more; batches of 32, or of all images where they are fewer; the first epoch
/// at 1e-5, then half a cosine by epochs. The code takes 50 epochs for ImageNet, whatever the number of images.
inline TrainOptionsOf<SgdOptions> coop_training(Index shots, Index images, std::uint64_t seed = 1) {
  return {.epochs = shots <= 1   ? 50
                    : shots <= 4 ? 100
                                 : 200,
          .batch = std::min<Index>(32, images),
          .optimizer = {.learning_rate = 2e-3f, .momentum = 0.9f, .weight_decay = 5e-4f},
          .schedule = Schedule::epoch_cosine(),
          .seed = seed};
}

/// CoCoOp's: one image per batch, 10 epochs; the rest as CoOp's.
inline TrainOptionsOf<SgdOptions> cocoop_training(std::uint64_t seed = 1) {
  TrainOptionsOf<SgdOptions> options = coop_training(1, 1, seed);
  options.epochs = 10;
  return options;
}

/// Trains a PromptLearner or a CocoopLearner on the features of images and the class of each. `progress` is called
/// after every step, and returns false to stop. Errors as FeatureSource and Trainer.
///   train_prompts(prompt, {features, labels}, coop_training(16, images));
template <class Learner, std::predicate<const TrainProgress&> F>
void train_prompts(Learner& learner, LabelledFeatures<typename Learner::T> data,
                   const TrainOptionsOf<SgdOptions>& options, F&& progress) {
  FeatureSource<typename Learner::T> source{std::move(data), learner.classes()};
  Trainer trainer{learner, source, options, Selection{}, Classification{}};
  trainer.run(std::forward<F>(progress));
}
template <class Learner>
void train_prompts(Learner& learner, LabelledFeatures<typename Learner::T> data,
                   const TrainOptionsOf<SgdOptions>& options) {
  train_prompts(learner, std::move(data), options, [](const TrainProgress&) { return true; });
}

}  // namespace clip::inline CLIP_ABI

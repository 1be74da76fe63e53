// clip/learn/train_prompts.hpp: the published training of learned prompts.
#pragma once

#include <clip/learn/labelled_features.hpp>
#include <clip/learn/train_on_features.hpp>
#include <clip/optim/schedule.hpp>
#include <clip/optim/sgd.hpp>

#include <algorithm>
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

/// Trains a PromptLearner or a CocoopLearner: train_on_features().
///   train_prompts(prompt, {features, labels}, coop_training(16, images));
template <class Learner, class... Progress>
bool train_prompts(Learner& learner, LabelledFeatures<typename Learner::T> data,
                   const TrainOptionsOf<SgdOptions>& options, Progress&&... progress) {
  return train_on_features(learner, std::move(data), options, std::forward<Progress>(progress)...);
}

}  // namespace clip::inline CLIP_ABI

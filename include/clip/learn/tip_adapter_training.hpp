// clip/learn/tip_adapter_training.hpp: Tip-Adapter-F: training of the cache's keys, the best epoch kept.
#pragma once

#include <clip/autograd/copy_parameters.hpp>
#include <clip/learn/tip_adapter.hpp>
#include <clip/learn/train_on_features.hpp>
#include <clip/optim/adamw.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// The published recipe of Tip-Adapter-F: AdamW 1e-3 with ε = 1e-4, 20 epochs of batches of 256, half a cosine by steps.
inline TrainOptions tip_adapter_recipe(std::uint64_t seed = 1) {
  return {.epochs = 20,
          .batch = 256,
          .optimizer = {.learning_rate = 1e-3f,
                        .beta1 = 0.9f,
                        .beta2 = 0.999f,
                        .epsilon = 1e-4f,
                        .weight_decay = 0.01f,
                        .decays = decay_all},
          .schedule = Schedule::cosine(),
          .seed = seed};
}

struct TipAdapterTraining {
  Index best_epoch = 0;              // from 1
  std::vector<double> accuracies{};  // of the validation set after each epoch
};

/// Trains the keys with the cross-entropy at the adapter's α and β and keeps those of the epoch that predicts most of the
/// validation set, the first of equal ones; the published code takes the test set there. Then search α and β again:
///   train_tip_adapter(tip, few_shots, validation);
///   search_tip_adapter(tip, validation);
/// Errors as train_on_features. InputError: an empty validation set. OptionError: a checkpoint, which would not hold the
/// best keys.
template <class B>
TipAdapterTraining train_tip_adapter(TipAdapter<B>& tip, LabelledFeatures<typename B::Scalar> examples,
                                     const LabelledFeatures<typename B::Scalar>& validation,
                                     TrainOptions options = tip_adapter_recipe()) {
  if (!options.checkpoint.empty())
    raise(
        OptionError{std::string(tip.name), "checkpoint", "none: keys of the best epoch are kept", options.checkpoint});
  tip.check_features(validation.features.view());
  FeatureSource{validation, tip.classes.size()};  // checks the labels
  TipAdapterTraining training;
  if (validation.labels.empty()) raise(InputError{std::string(tip.name), "labelled features", "1 or more", 0});
  std::vector<double> best_keys;
  double best = -1;
  train_on_features(tip, std::move(examples), std::move(options), [&](const TrainProgress& p) {
    if (!p.epoch_done) return true;
    const double accuracy = accuracy_of(tip, validation.features, validation.labels);
    training.accuracies.push_back(accuracy);
    if (accuracy > best) {
      best = accuracy;
      training.best_epoch = p.epoch;
      best_keys = detail::values_of_parameter(tip.backend(), tip.keys);
    }
    return true;
  });
  detail::set_parameter(tip.backend(), best_keys, tip.keys);
  return training;
}

}  // namespace clip::inline CLIP_ABI

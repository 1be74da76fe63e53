// clip/learn/tip_adapter_training.hpp: Tip-Adapter-F: training of the cache's keys, the best epoch kept.
#pragma once

#include <clip/autograd/copy_parameters.hpp>
#include <clip/io/files.hpp>
#include <clip/learn/learner_file.hpp>
#include <clip/learn/tip_adapter.hpp>
#include <clip/learn/train_on_features.hpp>
#include <clip/optim/adamw.hpp>
#include <clip/train/trainer.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
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

namespace detail {

/// What a checkpoint of Trainer does not hold: the keys of the best epoch so far and the accuracies of all.
class TipAdapterBest {
 public:
  /// Goes on with the file beside a checkpoint whose run has made `epochs` epochs. LoadError: the file is of another run.
  /// The epoch of a checkpoint may still be missing in it.
  TipAdapterBest(std::string checkpoint, Index epochs, const Shape& keys)
      : path_{checkpoint.empty() ? std::string{} : checkpoint + ".best"} {
    if (path_.empty() || epochs == 0 || (epochs == 1 && !may_be_there(path_))) return;
    const Safetensors file = try_open_learner_file(path_, kind).value();
    const Index known = extent_of(file, "accuracies", 0);
    if (known != epochs && known != epochs - 1) raise(LoadError{path_, "epochs, as in the checkpoint", epochs, known});
    training_.accuracies = try_learner_values(file, "accuracies", {known}).value();
    keys_ = try_learner_values(file, "keys", keys).value();
    const auto best = std::ranges::max_element(training_.accuracies);
    training_.best_epoch = best - training_.accuracies.begin() + 1;
  }

  /// Epochs whose accuracy is known.
  Index epochs() const { return static_cast<Index>(training_.accuracies.size()); }
  const TipAdapterTraining& training() const { return training_; }
  const std::vector<double>& keys() const { return keys_; }

  /// Takes the accuracy and the keys after the next epoch; the first of equally accurate ones stays the best.
  template <class Tip>
  void add(Tip& tip, double accuracy) {
    training_.accuracies.push_back(accuracy);
    const auto best = static_cast<std::size_t>(training_.best_epoch);
    if (best == 0 || accuracy > training_.accuracies[best - 1]) {
      training_.best_epoch = epochs();
      keys_ = values_of_parameter(tip.backend(), tip.keys);
    }
    if (path_.empty()) return;
    try_write_learner(path_, kind, {{"accuracies", {epochs()}, training_.accuracies}, {"keys", tip.keys.shape, keys_}},
                      true)
        .value();
  }

 private:
  static constexpr std::string_view kind = "tip_adapter best epoch";

  std::string path_;
  TipAdapterTraining training_;
  std::vector<double> keys_;
};

}  // namespace detail

/// Trains the keys with the cross-entropy at the adapter's α and β and keeps those of the epoch that predicts most of the
/// validation set, the first of equal ones; the published code takes the test set there. Then search α and β again:
///   train_tip_adapter(tip, few_shots, validation);
///   search_tip_adapter(tip, validation);
/// `source` gives batches of LabelledFeatures. With options.checkpoint an interrupted run goes on; the keys of its best
/// epoch are in a file beside the checkpoint, CHECKPOINT.best. Errors as train_on_features. InputError: an empty
/// validation set. OptionError: checkpoints within an epoch.
template <class B, BatchSource Source>
TipAdapterTraining train_tip_adapter(TipAdapter<B>& tip, Source& source,
                                     const LabelledFeatures<typename B::Scalar>& validation,
                                     TrainOptions options = tip_adapter_recipe()) {
  const std::string place{tip.name};
  if (!options.checkpoint.empty() && options.checkpoint_every != 0)
    raise(OptionError{place, "checkpoint_every", "0: keys are compared after every epoch", options.checkpoint_every});
  tip.check_features(validation.features.view());
  FeatureSource{validation, tip.class_count()};  // checks the labels
  if (validation.labels.empty()) raise(InputError{place, "labelled features", "1 or more", 0});
  options.batch = std::min(options.batch, std::max<Index>(source.size(), 1));
  const Index epochs = options.epochs;
  const std::string checkpoint = options.checkpoint;
  Trainer trainer{tip, source, std::move(options), {}, Classification{}};
  const Index done = trainer.step() * epochs / std::max<Index>(trainer.steps(), 1);
  detail::TipAdapterBest best{checkpoint, done, tip.keys.shape};
  const auto add = [&] { best.add(tip, accuracy_of(tip, validation.features, validation.labels)); };
  if (best.epochs() < done) add();
  trainer.run([&](const TrainProgress& p) {
    if (p.epoch_done) add();
    return true;
  });
  detail::set_parameter(tip.backend(), best.keys(), tip.keys);
  return best.training();
}
/// The same on stored features.
template <class B>
TipAdapterTraining train_tip_adapter(TipAdapter<B>& tip, LabelledFeatures<typename B::Scalar> examples,
                                     const LabelledFeatures<typename B::Scalar>& validation,
                                     TrainOptions options = tip_adapter_recipe()) {
  tip.check_features(examples.features.view());
  FeatureSource source{std::move(examples), tip.class_count()};
  return train_tip_adapter(tip, source, validation, std::move(options));
}

}  // namespace clip::inline CLIP_ABI

// clip/learn/train_block_classifier.hpp: training of classifiers of images, gated adapters among them.
#pragma once

#include <clip/image/image.hpp>
#include <clip/learn/block_classifier.hpp>
#include <clip/learn/labelled_features.hpp>
#include <clip/ops/losses.hpp>
#include <clip/optim/adamw.hpp>
#include <clip/train/trainer.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Preprocessed images and the class of each, from 0.
struct LabelledInputs {
  Images images;
  std::vector<std::int32_t> labels;
};

/// Batches of images in memory.
class InputSource {
 public:
  using Batch = LabelledInputs;

  /// ShapeError: another number of labels than images. InputError: a label that is not one of the classes.
  InputSource(LabelledInputs all, Index classes) : all_{std::move(all)} {
    detail::check_labels("labelled images", all_.labels, all_.images.size(), classes);
  }

  Index size() const { return all_.images.size(); }

  void batch(std::span<const Index> items, Rng, Batch& out) const {
    out.images.resize_for_reuse(static_cast<Index>(items.size()), all_.images.channels(), all_.images.height(),
                                all_.images.width());
    out.labels.clear();
    for (std::size_t i = 0; i < items.size(); ++i) {
      std::ranges::copy(all_.images.image(items[i]), out.images.image(static_cast<Index>(i)).begin());
      out.labels.push_back(all_.labels[static_cast<std::size_t>(items[i])]);
    }
  }

 private:
  LabelledInputs all_;
};

/// Objective of Trainer: the cross-entropy of a classifier of images, which has logits(cx, images).
struct ImageClassification {
  template <class Cx, class M>
  Rows<Cx, 1> operator()(Cx& tape, const M& classifier, const LabelledInputs& batch) const {
    return cross_entropy(tape, classifier.logits(tape, batch.images), batch.labels);
  }
};

/// AdamW at 3e-3 without decay, 100 epochs of batches of 32, half a cosine by steps.
inline TrainOptions block_recipe(std::uint64_t seed = 1) {
  return {.epochs = 100,
          .batch = 32,
          .optimizer = {.learning_rate = 3e-3f, .beta2 = 0.999f, .epsilon = 1e-8f, .weight_decay = 0},
          .schedule = Schedule::cosine(),
          .seed = seed};
}

/// Trains the parameters that the family of blocks names, by batches of a source of LabelledInputs. Batches have at most
/// as many images as there are. `progress` as Trainer::run's. Errors as Trainer and the source, InputError: images of
/// another size than the tower's.
template <const auto& Config, Backend B, class Blocks, BatchSource Source, std::predicate<const TrainProgress&> F>
bool train_block_classifier(BlockClassifier<Config, B, Blocks>& classifier, Source& source, TrainOptions options,
                            F&& progress) {
  options.batch = std::min(options.batch, std::max<Index>(source.size(), 1));
  Trainer trainer{classifier, source, std::move(options), only(std::string(classifier.trained)), ImageClassification{}};
  return trainer.run(progress);
}
/// The same with images in memory.
template <const auto& Config, Backend B, class Blocks, std::predicate<const TrainProgress&> F>
bool train_block_classifier(BlockClassifier<Config, B, Blocks>& classifier, LabelledInputs examples,
                            TrainOptions options, F&& progress) {
  InputSource source{std::move(examples), classifier.classes.size()};
  return train_block_classifier(classifier, source, std::move(options), progress);
}
template <const auto& Config, Backend B, class Blocks>
bool train_block_classifier(BlockClassifier<Config, B, Blocks>& classifier, LabelledInputs examples,
                            TrainOptions options = block_recipe()) {
  return train_block_classifier(classifier, std::move(examples), std::move(options),
                                [](const TrainProgress&) { return true; });
}

}  // namespace clip::inline CLIP_ABI

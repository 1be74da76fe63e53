// clip/few_shot/methods/clip_adapter.hpp: the few-shot methods that train a small network on the features: CLIP-Adapter
// and a multi-modal MLP.
#pragma once

#include <clip/few_shot/method.hpp>
#include <clip/few_shot/training.hpp>
#include <clip/learn/clip_adapter.hpp>
#include <clip/learn/learner_file.hpp>
#include <clip/learn/multimodal_mlp.hpp>
#include <clip/learn/train_prompts.hpp>

#include <string_view>

namespace clip::inline CLIP_ABI {

/// Gao et al. 2021, by CoOp's recipe, as published.
struct ClipAdapterMethod {
  static constexpr std::string_view name = "clip-adapter";
  static constexpr bool learns = true, augments = true;

  Index reduction = 4;
  double ratio = 0.2;
  FewShotTraining training{};

  void read(JsonReader& options) {
    if (options.may_have("reduction")) reduction = options.integer("reduction", 1);
    if (options.may_have("ratio")) ratio = options.number("ratio");
    if (!(ratio >= 0 && ratio <= 1)) options.problem("ratio", "expected a number from 0 to 1");
    training.read(options);
  }
  JsonTree options() const {
    JsonTree all = json_object("reduction", reduction, "ratio", ratio);
    training.put(all);
    return all;
  }

  template <class M>
  Tensor<float> scores(const FewShotTask<M>& task) const {
    ClipAdapter adapter{
        task.setting.class_features, task.rng.fork("adapter"),
        ClipAdapterOptions{
            .reduction = reduction, .ratio = ratio, .temperature = task.model().similarity.temperature()},
        task.model().backend()};
    const auto recipe = coop_training(task.shots, static_cast<Index>(task.train.labels.size()));
    training.train(adapter, task, recipe);
    save_classifier(adapter, task.folder + "/learner.safetensors");
    return adapter.scores(task.test);
  }
};

/// A hidden layer over the features of an image and its similarities with the classes' texts, by AdamW.
struct MultimodalMlpMethod {
  static constexpr std::string_view name = "mlp";
  static constexpr bool learns = true, augments = true;

  Index hidden = 256;
  FewShotTraining training{};

  void read(JsonReader& options) {
    if (options.may_have("hidden")) hidden = options.integer("hidden", 1);
    training.read(options);
  }
  JsonTree options() const {
    JsonTree all = json_object("hidden", hidden);
    training.put(all);
    return all;
  }

  template <class M>
  Tensor<float> scores(const FewShotTask<M>& task) const {
    MultimodalMlp mlp{task.setting.class_features, task.rng.fork("mlp"),
                      MultimodalMlpOptions{.hidden = hidden, .temperature = task.model().similarity.temperature()},
                      task.model().backend()};
    const TrainOptions recipe{.epochs = 100, .batch = 32, .optimizer = {.learning_rate = 1e-3f}};
    training.train(mlp, task, recipe);
    save_classifier(mlp, task.folder + "/learner.safetensors");
    return mlp.scores(task.test);
  }
};

}  // namespace clip::inline CLIP_ABI

// clip/few_shot/methods/tip_adapter.hpp: the few-shot methods Tip-Adapter and Tip-Adapter-F: a cache of the features.
#pragma once

#include <clip/few_shot/method.hpp>
#include <clip/few_shot/training.hpp>
#include <clip/learn/learner_file.hpp>
#include <clip/learn/tip_adapter.hpp>
#include <clip/learn/tip_adapter_search.hpp>
#include <clip/learn/tip_adapter_training.hpp>

#include <string_view>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {

/// The options that both methods have.
struct TipAdapterChoice {
  TipAdapterOptions start{};
  TipAdapterGrid grid{};

  void read(JsonReader& options) {
    const auto number = [&](const char* key, double& value, double least) {
      if (options.may_have(key)) value = options.number(key);
      if (!(value >= least)) options.problem(key, "expected a number of at least " + json_text(Json(least)));
    };
    number("alpha", start.alpha, 0);
    number("beta", start.beta, 0);
    number("largest_alpha", grid.largest_alpha, 0.1);
    number("largest_beta", grid.largest_beta, 0.1);
  }
  JsonTree options() const {
    return json_object("alpha", start.alpha, "beta", start.beta, "largest_alpha", grid.largest_alpha, "largest_beta",
                       grid.largest_beta);
  }

  template <class M>
  auto adapter(const FewShotTask<M>& task) const {
    TipAdapterOptions options = start;
    options.temperature = task.model().similarity.temperature();
    return TipAdapter{task.setting.class_features, tip_adapter_cache(few_shot_passes(task), task.train.labels), options,
                      task.model().backend()};
  }
  /// Without validation images α and β stay as they are.
  template <class Tip, class M>
  void search(Tip& tip, const FewShotTask<M>& task) const {
    if (!task.validation.labels.empty()) search_tip_adapter(tip, task.validation, grid);
    task.log->add(0, {{"alpha", tip.alpha}, {"beta", tip.beta}});
  }
};

}  // namespace detail

/// Zhang et al. 2022: nothing is trained; α and β by a search on the validation images.
struct TipAdapterMethod {
  static constexpr std::string_view name = "tip-adapter";
  static constexpr bool learns = true, augments = true;

  detail::TipAdapterChoice choice{};

  void read(JsonReader& options) { choice.read(options); }
  JsonTree options() const { return choice.options(); }

  template <class M>
  Tensor<float> scores(const FewShotTask<M>& task) const {
    task.log->keep(-1);
    auto tip = choice.adapter(task);
    choice.search(tip, task);
    save_classifier(tip, task.folder + "/learner.safetensors");
    return tip.scores(task.test);
  }
};

/// Tip-Adapter-F: the keys are trained at the starting α and β, the epoch chosen by the validation images, then α and β
/// searched.
struct TipAdapterFMethod {
  static constexpr std::string_view name = "tip-adapter-f";
  static constexpr bool learns = true, augments = true;

  detail::TipAdapterChoice choice{};
  FewShotTraining training{};

  void read(JsonReader& options) {
    choice.read(options);
    training.read(options);
  }
  JsonTree options() const {
    JsonTree all = choice.options();
    training.put(all);
    return all;
  }

  bool needs_validation() const { return true; }  // they choose the epoch

  template <class M>
  Tensor<float> scores(const FewShotTask<M>& task) const {
    task.log->keep(-1);
    auto tip = choice.adapter(task);
    FewShotFeatures<M> source{task};
    const auto trained = train_tip_adapter(tip, source, task.validation, training.resolved(task, tip_adapter_recipe()));
    for (std::size_t e = 0; e < trained.accuracies.size(); ++e)
      task.log->add(static_cast<Index>(e + 1), {{"validation_top1", trained.accuracies[e]}});
    choice.search(tip, task);
    save_classifier(tip, task.folder + "/learner.safetensors");
    return tip.scores(task.test);
  }
};

}  // namespace clip::inline CLIP_ABI

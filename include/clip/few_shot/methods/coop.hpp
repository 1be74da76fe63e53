// clip/few_shot/methods/coop.hpp: the few-shot methods CoOp and CoCoOp, which learn the words of the prompts.
#pragma once

#include <clip/few_shot/method.hpp>
#include <clip/few_shot/training.hpp>
#include <clip/learn/cocoop.hpp>
#include <clip/learn/prompt_learner.hpp>
#include <clip/learn/train_prompts.hpp>
#include <clip/task/similarities.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {

/// "place": where the name of the class stands.
inline Place read_place(JsonReader& options, Place otherwise) {
  if (!options.may_have("place")) return otherwise;
  for (const Place place : name_places)
    if (options.says("place", name_of(place))) return place;
  options.problem("place", "expected end, middle or front");
  return otherwise;
}

}  // namespace detail

/// Zhou et al. 2022: context vectors, trained on the features of the images by the paper's recipe.
struct CoopMethod {
  static constexpr std::string_view name = "coop";
  static constexpr bool learns = true, augments = true;

  PromptOptions prompt{};
  FewShotTraining training{};

  void read(JsonReader& options) {
    if (options.may_have("context")) prompt.context = options.integer("context", 1);
    if (options.may_have("per_class")) prompt.per_class = options.flag("per_class");
    if (options.may_have("words")) prompt.words = options.text("words");
    prompt.place = detail::read_place(options, prompt.place);
    training.read(options);
  }
  JsonTree options() const {
    JsonTree all = json_object("context", prompt.context, "per_class", prompt.per_class, "words", prompt.words, "place",
                               std::string(name_of(prompt.place)));
    training.put(all);
    return all;
  }

  /// Builds the prompts: a name that leaves no room for the context is an error.
  template <class M>
  Result<void> try_check(const FewShotSetting<M>& setting) const {
    ContextPrompts{setting.model.text_input(), setting.tokenizer, setting.classes(), prompt};
    return {};
  }
  template <class M>
  Tensor<float> scores(const FewShotTask<M>& task) const {
    PromptOptions seeded = prompt;
    seeded.seed = task.seed_for("context");
    PromptLearner learner{task.model(), task.setting.tokenizer, task.setting.classes(), seeded};
    const auto images = static_cast<Index>(task.train.labels.size());
    training.train(learner, task, coop_training(task.shots, images));
    save_prompt(learner, task.folder + "/prompt.safetensors");
    return similarities(task.model().backend(), task.test, learner.text_features()).values;
  }
};

/// Zhou et al. 2022, Conditional Prompt Learning: each image shifts the context. Scoring an image encodes a text for each
/// class.
struct CocoopMethod {
  static constexpr std::string_view name = "cocoop";
  static constexpr bool learns = true, augments = true;

  CocoopOptions prompt{};
  FewShotTraining training{};

  void read(JsonReader& options) {
    if (options.may_have("words")) prompt.words = options.text("words");
    if (options.may_have("context")) {
      prompt.context = options.integer("context", 1);
      if (!options.has("words")) prompt.words.clear();
    }
    prompt.place = detail::read_place(options, prompt.place);
    if (options.may_have("hidden")) prompt.hidden = options.integer("hidden", 1);
    training.read(options);
  }
  JsonTree options() const {
    JsonTree all = json_object("context", prompt.context, "words", prompt.words, "place",
                               std::string(name_of(prompt.place)), "hidden", prompt.hidden);
    training.put(all);
    return all;
  }

  template <class M>
  Result<void> try_check(const FewShotSetting<M>& setting) const {
    ContextPrompts{setting.model.text_input(), setting.tokenizer, setting.classes(),
                   PromptOptions{.context = prompt.context, .place = prompt.place, .words = prompt.words}};
    return {};
  }
  template <class M>
  Tensor<float> scores(const FewShotTask<M>& task) const {
    CocoopOptions seeded = prompt;
    seeded.seed = task.seed_for("context");
    CocoopLearner learner{task.model(), task.setting.tokenizer, task.setting.classes(), seeded};
    training.train(learner, task, cocoop_training());
    save_prompt(learner, task.folder + "/prompt.safetensors");
    return learner.logits(task.test);
  }
};

}  // namespace clip::inline CLIP_ABI

// clip/few_shot/method.hpp: few-shot methods, and lists of them that a configuration names.
#pragma once

#include <clip/core/result.hpp>
#include <clip/few_shot/options.hpp>
#include <clip/few_shot/rate_choice.hpp>
#include <clip/few_shot/task.hpp>
#include <clip/io/json_reader.hpp>
#include <clip/tensor/tensor.hpp>

#include <concepts>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// A method is a value with its options as fields:
///
///   struct MyMethod {
///     static constexpr std::string_view name = "my-method";
///     static constexpr bool learns = true;                  // false: it runs once per seed, at 0 shots
///     static constexpr bool augments = false;               // may be absent; true: it trains on augmented images, if any
///     bool needs_validation() const;                        // may be absent; true: validation images are a must
///     FewShotTraining training;                             // may be absent; of a method that is trained by gradients
///     void read(JsonReader& options);                       // the keys that are there; others are an error
///     JsonTree options() const;                             // all of them, for the record of the run
///     Result<void> try_check(const FewShotSetting<M>&) const;                  // may be absent; before long work
///     Tensor<float> scores(const FewShotTask<M>&) const;    // (test images, classes); the highest one is predicted
///   };
///
/// read(), options() and try_check() see no images' features: what they refuse is refused at once.
template <class Method, class M>
concept FewShotMethodFor = requires(Method method, JsonReader& reader, const FewShotTask<M>& task) {
  { Method::name } -> std::convertible_to<std::string_view>;
  { Method::learns } -> std::convertible_to<bool>;
  method.read(reader);
  { std::as_const(method).options() } -> std::convertible_to<JsonTree>;
  { std::as_const(method).scores(task) } -> std::same_as<Tensor<float>>;
};

/// A method of any type, with the label that it has in an experiment.
template <class M>
struct FewShotMethod {
  std::string name, label;
  bool learns = true, augments = false, needs_validation = false;
  std::string options;  // as JSON text
  std::function<Result<void>(const FewShotSetting<M>&)> try_check;
  std::function<Tensor<float>(const FewShotTask<M>&)> scores;
};

namespace detail {

template <class M, FewShotMethodFor<M> Method>
[[nodiscard]] Result<FewShotMethod<M>> try_make_method(const FewShotMethodChoice& choice) {
  const std::string label = choice.label.empty() ? choice.name : choice.label;
  Method method;
  JsonReader reader{choice.options, "method " + label};
  method.read(reader);
  if (auto good = reader.finish(); !good) return good.error();
  const JsonTree options = method.options();
  bool needs_validation = false, chooses_rate = false;
  if constexpr (requires { method.training.rates; }) chooses_rate = !method.training.rates.empty();
  if constexpr (requires { method.needs_validation(); }) needs_validation = method.needs_validation();
  constexpr bool augments = [] {
    if constexpr (requires { Method::augments; }) return Method::augments;
    else return false;
  }();
  return FewShotMethod<M>{.name = choice.name,
                          .label = label,
                          .learns = Method::learns,
                          .augments = augments,
                          .needs_validation = needs_validation || chooses_rate,
                          .options = json_text(options),
                          .try_check = [method](const FewShotSetting<M>& setting) -> Result<void> {
                            if constexpr (requires { method.try_check(setting); }) return method.try_check(setting);
                            else return (void)setting, Result<void>{};
                          },
                          .scores =
                              [method, chooses_rate](const FewShotTask<M>& task) {
                                if constexpr (requires { method.training.rates; })
                                  if (chooses_rate) return scores_of_best_rate(method, task);
                                return method.scores(task);
                              }};
}

}  // namespace detail

/// A list of methods. `clip fewshot` knows KnownFewShotMethods; a program adds its own:
///   run_few_shot<FewShotMethods<ZeroShotMethod, MyMethod>>(model, tokenizer, images, options);
template <class... Methods>
struct FewShotMethods {
  /// The method with the name and the options of a choice. OptionError: an unknown name. LoadError clip.load.keys: an
  /// unknown key, or a value that cannot be.
  template <class M>
  [[nodiscard]] static Result<FewShotMethod<M>> try_make(const FewShotMethodChoice& choice) {
    std::string names;
    std::unique_ptr<Result<FewShotMethod<M>>> made;
    const auto look = [&]<class Method>(std::type_identity<Method>) {
      names += (names.empty() ? "" : ", ") + std::string(Method::name);
      if (Method::name == choice.name)
        made = std::make_unique<Result<FewShotMethod<M>>>(detail::try_make_method<M, Method>(choice));
    };
    (look(std::type_identity<Methods>{}), ...);
    if (made != nullptr) return std::move(*made);
    return OptionError{"few-shot", "method", "one of " + names, '"' + choice.name + '"'};
  }
};

}  // namespace clip::inline CLIP_ABI

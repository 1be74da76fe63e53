// clip/learn/block_classifier_file.hpp: files of what an image tower with other blocks has learned.
#pragma once

#include <clip/autograd/copy_parameters.hpp>
#include <clip/autograd/pattern.hpp>
#include <clip/learn/block_classifier.hpp>
#include <clip/learn/learner_file.hpp>
#include <clip/learn/same_model.hpp>

#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {

/// The parameters that a file holds: the trained ones and the text features of the classes.
template <class Classifier>
bool is_stored(const std::string& name) {
  return matches(Classifier::trained, name) || name == "class_features";
}

}  // namespace detail

/// Writes a BlockClassifier atomically as safetensors: the trained parameters in their type, the text features of the
/// classes, the temperature, and the feature of an image of noise, by which another tower is told from the one that it
/// was trained on. The other weights of the tower are not in the file. SystemError: disk or folder.
template <const auto& Config, Backend B, class Blocks>
[[nodiscard]] Result<void> try_save_block_classifier(const BlockClassifier<Config, B, Blocks>& classifier,
                                                     const std::string& path) {
  using Classifier = BlockClassifier<Config, B, Blocks>;
  using T = typename Classifier::T;
  std::vector<detail::LearnerTensor> tensors;
  auto backend = classifier.backend();
  for (const auto& [name, p] : named_parameters<T>(classifier))
    if (detail::is_stored<Classifier>(name))
      tensors.push_back({name, p->shape, detail::values_of_parameter(backend, *p)});
  const auto noise = detail::features_of_noise(classifier.image);
  tensors.push_back({"temperature", Shape{}, {classifier.classes.temperature}});
  tensors.push_back({"noise_feature", Shape{noise.width()}, {noise.values().begin(), noise.values().end()}});
  return detail::try_write_learner(path, Classifier::name, tensors, std::is_same_v<T, double>);
}
template <const auto& Config, Backend B, class Blocks>
void save_block_classifier(const BlockClassifier<Config, B, Blocks>& classifier, const std::string& path) {
  try_save_block_classifier(classifier, path).value();
}

/// Gives a classifier, made of the tower that the file's was made of and of as many classes, what the file holds.
///   GatedAdapter<ViT_B_32> gated{model.image, any_features_of_two_classes, Rng{1}};
///   load_block_classifier(gated, "learner.safetensors");
/// LoadError: as try_open_safetensors; another kind of learner, a tensor that is missing, misshapen or not finite, another
/// tower. The classifier is then as before.
template <const auto& Config, Backend B, class Blocks>
[[nodiscard]] Result<void> try_load_block_classifier(BlockClassifier<Config, B, Blocks>& classifier,
                                                     const std::string& path) {
  using Classifier = BlockClassifier<Config, B, Blocks>;
  using T = typename Classifier::T;
  const auto file = detail::try_open_learner_file(path, Classifier::name);
  if (!file) return file.error();
  const auto temperature = detail::try_learner_values(*file, "temperature", Shape{});
  if (!temperature) return temperature.error();
  if (!(temperature->front() > 0)) return LoadError{path, "temperature", "a positive number", temperature->front()};
  const auto expected = detail::try_learner_values(*file, "noise_feature", Shape{classifier.classes.width()});
  if (!expected) return expected.error();
  struct Part {
    Parameter<T>* parameter;
    std::vector<double> before, values;
  };
  std::vector<Part> parts;
  for (const auto& [name, p] : named_parameters<T>(classifier)) {
    if (!detail::is_stored<Classifier>(name)) continue;
    auto values = detail::try_learner_values(*file, name, p->shape);
    if (!values) return values.error();
    parts.push_back({p, detail::values_of_parameter(classifier.backend(), *p), std::move(*values)});
  }
  for (const Part& part : parts) detail::set_parameter(classifier.backend(), part.values, *part.parameter);
  const auto noise = detail::features_of_noise(classifier.image);
  const double found = detail::cosine(std::span<const T>(noise.values()), std::span<const double>(*expected));
  if (!(found >= detail::least_cosine_of_same_model)) {
    for (const Part& part : parts) detail::set_parameter(classifier.backend(), part.before, *part.parameter);
    return LoadError{path,
                     "cosine of the tower's feature of an image of noise with that of the tower it was trained on",
                     detail::least_cosine_of_same_model, found};
  }
  classifier.classes.temperature = temperature->front();
  return {};
}
template <const auto& Config, Backend B, class Blocks>
void load_block_classifier(BlockClassifier<Config, B, Blocks>& classifier, const std::string& path) {
  try_load_block_classifier(classifier, path).value();
}

}  // namespace clip::inline CLIP_ABI

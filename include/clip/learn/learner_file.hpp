// clip/learn/learner_file.hpp: files of learned classifiers of features.
#pragma once

#include <clip/autograd/copy_parameters.hpp>
#include <clip/autograd/walk.hpp>
#include <clip/core/result.hpp>
#include <clip/formats/safetensors.hpp>
#include <clip/tensor/parameter.hpp>

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {

/// A tensor of a learner's file: its values in double, whatever they are stored as.
struct LearnerTensor {
  std::string name;
  Shape shape;
  std::vector<double> values;
};

/// Writes the tensors atomically, as float32 or float64, and the name of the kind of learner.
CLIP_HOST Result<void> try_write_learner(const std::string& path, std::string_view kind,
                                         const std::vector<LearnerTensor>& tensors, bool in_double);
/// LoadError: a file of another kind.
CLIP_HOST Result<Safetensors> try_open_learner_file(const std::string& path, std::string_view kind);
/// Extent `axis` of a tensor; 0 where there is none.
CLIP_HOST Index extent_of(const Safetensors& file, std::string_view name, std::size_t axis);
/// LoadError: there is no such tensor, or it has another shape or no values.
CLIP_HOST Result<void> try_check_shape(const Safetensors& file, std::string_view name, const Shape& shape);
/// The values of a tensor of this shape. LoadError: it is missing, has another shape, or values that are not finite.
CLIP_HOST Result<std::vector<double>> try_learner_values(const Safetensors& file, std::string_view name,
                                                         const Shape& shape);

}  // namespace detail

/// Writes a classifier (ClipAdapter, TipAdapter, MultimodalMlp) atomically as safetensors: its parameters in their type,
/// the text features of its classes, its numbers as scalars; "learner" in the metadata names its kind.
/// SystemError: disk or folder.
template <class Classifier>
[[nodiscard]] Result<void> try_save_classifier(const Classifier& classifier, const std::string& path) {
  using T = typename Classifier::T;
  std::vector<detail::LearnerTensor> tensors;
  auto backend = classifier.backend();
  for (const auto& [name, p] : named_parameters<T>(classifier))
    tensors.push_back({name, p->shape, detail::values_of_parameter(backend, *p)});
  Classifier::numbers(classifier, [&](const char* name, double value) { tensors.push_back({name, Shape{}, {value}}); });
  return detail::try_write_learner(path, Classifier::name, tensors, std::is_same_v<T, double>);
}
template <class Classifier>
void save_classifier(const Classifier& classifier, const std::string& path) {
  try_save_classifier(classifier, path).value();
}

/// Reads such a file; its sizes are those of its tensors.
///   const auto adapter = open_classifier<ClipAdapter<>>("adapter.safetensors");
/// LoadError: as try_open_safetensors; another kind of learner, a tensor that is missing, misshapen or not finite.
template <class Classifier, class B = std::remove_cvref_t<decltype(std::declval<Classifier&>().backend())>>
[[nodiscard]] Result<Classifier> try_open_classifier(const std::string& path, B backend = {}) {
  using T = typename Classifier::T;
  const auto file = detail::try_open_learner_file(path, Classifier::name);
  if (!file) return file.error();
  const auto sizes = Classifier::Sizes::of(
      [&](std::string_view name, std::size_t axis) { return detail::extent_of(*file, name, axis); });
  for (const auto& [name, shape] : sizes.shapes())  // before memory of that size is asked for
    if (auto fits = detail::try_check_shape(*file, name, shape); !fits) return fits.error();
  Classifier classifier{sizes, std::move(backend)};
  for (const auto& [name, p] : named_parameters<T>(classifier)) {
    const auto values = detail::try_learner_values(*file, name, p->shape);
    if (!values) return values.error();
    detail::set_parameter(classifier.backend(), *values, *p);
  }
  Result<void> done;
  Classifier::numbers(classifier, [&](const char* name, double& number) {
    const auto value = detail::try_learner_values(*file, name, Shape{});
    if (value) number = value->front();
    else if (done) done = value.error();
  });
  if (!done) return done.error();
  return classifier;
}
template <class Classifier, class B = std::remove_cvref_t<decltype(std::declval<Classifier&>().backend())>>
Classifier open_classifier(const std::string& path, B backend = {}) {
  return try_open_classifier<Classifier>(path, std::move(backend)).value();
}

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/learn/learner_file.inl.hpp>
#endif

// clip/task/accuracy.hpp: share of predictions that are right.
#pragma once

#include <clip/core/error.hpp>
#include <clip/core/size.hpp>

#include <concepts>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// The fraction of predictions that equal their labels: numbers of any types, or strings. ShapeError: another number of
/// predictions than labels, or none.
template <class Label, class Predicted = Index>
  requires requires(const Predicted& prediction, const Label& label) { prediction == label; }
double accuracy(const std::vector<Predicted>& predicted, std::span<const Label> labels) {
  if (predicted.size() != labels.size() || labels.empty())
    raise(ShapeError{"accuracy", "predictions for the labels", labels.size(), predicted.size()});
  std::size_t right = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if constexpr (std::integral<Label> && std::integral<Predicted>) right += std::cmp_equal(predicted[i], labels[i]);
    else right += predicted[i] == labels[i] ? 1 : 0;
  }
  return static_cast<double>(right) / static_cast<double>(labels.size());
}

/// The same of what a classifier predicts: predict(features).
template <class Classifier, class F, class Label>
double accuracy_of(const Classifier& classifier, const F& features, const std::vector<Label>& labels) {
  return accuracy(classifier.predict(features), std::span<const Label>(labels));
}

}  // namespace clip::inline CLIP_ABI

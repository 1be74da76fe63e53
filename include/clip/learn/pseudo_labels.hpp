// clip/learn/pseudo_labels.hpp: labels for images without labels: the most confident predictions of a classifier.
#pragma once

#include <clip/core/error.hpp>
#include <clip/core/size.hpp>
#include <clip/core/view.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace clip::inline CLIP_ABI {

/// An image that is taken for one of a class.
struct PseudoLabel {
  Index image;
  std::int32_t label;
  double confidence;  // the class's probability

  friend bool operator==(const PseudoLabel&, const PseudoLabel&) = default;
};

namespace detail {

/// NumericError: a number that is no probability.
template <class T>
void check_probabilities(View<const T> probabilities) {
  if (probabilities.cols < 1) raise(ShapeError{"pseudo-labels", "classes", "1 or more", probabilities.cols});
  for (Index i = 0; i < probabilities.rows; ++i)
    for (Index c = 0; c < probabilities.cols; ++c)
      if (!(probabilities(i, c) >= 0 && probabilities(i, c) <= T(1.0001)))
        raise(
            NumericError{"pseudo-labels", "probabilities of row " + std::to_string(i), "0 to 1", probabilities(i, c)});
}

}  // namespace detail

/// Every image whose most probable class reaches the threshold, with that class, in order; of equal ones the first
/// (FixMatch's rule; Sohn et al. 2020). probabilities : (images, classes)
template <class T>
std::vector<PseudoLabel> pseudo_labels_above(View<const T> probabilities, double threshold) {
  detail::check_probabilities(probabilities);
  if (!(threshold >= 0 && threshold <= 1)) raise(OptionError{"pseudo-labels", "threshold", "0 to 1", threshold});
  std::vector<PseudoLabel> labels;
  for (Index i = 0; i < probabilities.rows; ++i) {
    const T* const row = probabilities.row(i);
    const T* const best = std::max_element(row, row + probabilities.cols);
    if (static_cast<double>(*best) >= threshold)
      labels.push_back({i, static_cast<std::int32_t>(best - row), static_cast<double>(*best)});
  }
  return labels;
}

/// The k images of each class that are most probably of it, the most probable first, class by class: as many of every
/// class (Huang et al. 2022). argmax: only among images for which no other class is more probable, so that no image is
/// taken twice and a class may have fewer.
template <class T>
std::vector<PseudoLabel> pseudo_labels_per_class(View<const T> probabilities, Index k, bool argmax = true) {
  detail::check_probabilities(probabilities);
  if (k < 1) raise(OptionError{"pseudo-labels", "images per class", "1 or more", k});
  std::vector<PseudoLabel> labels, candidates;
  std::vector<std::int32_t> best;
  for (Index i = 0; i < probabilities.rows; ++i) {
    const T* const row = probabilities.row(i);
    best.push_back(static_cast<std::int32_t>(std::max_element(row, row + probabilities.cols) - row));
  }
  for (std::int32_t c = 0; c < probabilities.cols; ++c) {
    candidates.clear();
    for (Index i = 0; i < probabilities.rows; ++i)
      if (!argmax || best[static_cast<std::size_t>(i)] == c)
        candidates.push_back({i, c, static_cast<double>(probabilities(i, c))});
    std::ranges::stable_sort(candidates, std::ranges::greater{}, &PseudoLabel::confidence);
    const auto count = std::min(static_cast<std::size_t>(k), candidates.size());
    labels.insert(labels.end(), candidates.begin(), candidates.begin() + static_cast<std::ptrdiff_t>(count));
  }
  return labels;
}

/// The fraction of pseudo-labels that are true; NaN of none. truth: the label of every image.
inline double accuracy(std::span<const PseudoLabel> labels, std::span<const std::int32_t> truth) {
  Index right = 0;
  for (const PseudoLabel& label : labels) {
    if (label.image < 0 || label.image >= static_cast<Index>(truth.size()))
      raise(ShapeError{"pseudo-labels", "true labels", label.image + 1, truth.size()});
    right += truth[static_cast<std::size_t>(label.image)] == label.label ? 1 : 0;
  }
  if (labels.empty()) return std::numeric_limits<double>::quiet_NaN();
  return static_cast<double>(right) / static_cast<double>(labels.size());
}

/// What a threshold of the confidence leaves of pseudo-labels.
struct ThresholdRow {
  double threshold;
  Index count;
  double accuracy;  // NaN: none is left
};

/// A row for each threshold: how many labels are at least as confident, and how many of them are true.
inline std::vector<ThresholdRow> accuracy_by_threshold(std::span<const PseudoLabel> labels,
                                                       std::span<const std::int32_t> truth,
                                                       std::span<const double> thresholds) {
  std::vector<ThresholdRow> rows;
  for (const double threshold : thresholds) {
    std::vector<PseudoLabel> left;
    for (const PseudoLabel& label : labels)
      if (label.confidence >= threshold) left.push_back(label);
    rows.push_back({threshold, static_cast<Index>(left.size()), accuracy(left, truth)});
  }
  return rows;
}

}  // namespace clip::inline CLIP_ABI

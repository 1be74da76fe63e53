// clip/task/metrics.hpp: metrics of classification, of several labels per image and of retrieval, as CLIP_benchmark's.
#pragma once

#include <clip/core/error.hpp>
#include <clip/core/size.hpp>
#include <clip/core/view.hpp>
#include <clip/task/retrieval.hpp>
#include <clip/tensor/tensor.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {

/// ShapeError: another number of labels than scores, no scores. InputError: a label that is no class. NumericError: NaN.
template <class T>
void check_scores(const char* place, View<const T> scores, std::span<const std::int32_t> labels) {
  if (scores.rows < 1 || scores.cols < 1) raise(ShapeError{place, "scores", "1 or more", scores.count()});
  if (static_cast<Index>(labels.size()) != scores.rows) raise(ShapeError{place, "labels", scores.rows, labels.size()});
  for (Index i = 0; i < scores.rows; ++i) {
    const std::int32_t label = labels[static_cast<std::size_t>(i)];
    if (label < 0 || label >= scores.cols)
      raise(InputError{place, "label " + std::to_string(i), "0 to " + std::to_string(scores.cols - 1), label});
    for (Index c = 0; c < scores.cols; ++c)
      if (std::isnan(scores(i, c))) raise(NumericError{place, "scores of row " + std::to_string(i), "numbers", "nan"});
  }
}

}  // namespace detail

/// The fraction of rows whose class has one of the k highest scores; of equal scores the first class counts as higher.
/// scores : (n, classes). Errors as check_scores.
template <class T>
double top_k_accuracy(View<const T> scores, std::span<const std::int32_t> labels, Index k) {
  detail::check_scores("top-k accuracy", scores, labels);
  if (k < 1) raise(OptionError{"top-k accuracy", "k", "1 or more", k});
  Index right = 0;
  for (Index i = 0; i < scores.rows; ++i) {
    const T* const row = scores.row(i);
    const Index own = labels[static_cast<std::size_t>(i)];
    const Index rank = std::count_if(row, row + own, [&](T x) { return x >= row[own]; }) +
                       std::count_if(row + own + 1, row + scores.cols, [&](T x) { return x > row[own]; });
    right += rank < k ? 1 : 0;
  }
  return static_cast<double>(right) / static_cast<double>(scores.rows);
}

/// The mean over the classes that occur of the fraction of their rows that are classified right: scikit-learn's
/// balanced_accuracy_score.
template <class T>
double mean_per_class_recall(View<const T> scores, std::span<const std::int32_t> labels) {
  detail::check_scores("mean per-class recall", scores, labels);
  std::vector<Index> right(static_cast<std::size_t>(scores.cols)), all(right.size());
  for (Index i = 0; i < scores.rows; ++i) {
    const T* const row = scores.row(i);
    const auto label = static_cast<std::size_t>(labels[static_cast<std::size_t>(i)]);
    ++all[label];
    if (std::max_element(row, row + scores.cols) == row + label) ++right[label];
  }
  double sum = 0;
  Index occur = 0;
  for (std::size_t c = 0; c < all.size(); ++c) {
    if (all[c] == 0) continue;
    sum += static_cast<double>(right[c]) / static_cast<double>(all[c]);
    ++occur;
  }
  return sum / static_cast<double>(occur);
}

/// Of images with one class each. acc5 is NaN where there are fewer than five classes.
struct ClassificationMetrics {
  double acc1, acc5, mean_per_class_recall;
};

template <class T>
ClassificationMetrics classification_metrics(View<const T> scores, std::span<const std::int32_t> labels) {
  return {top_k_accuracy(scores, labels, 1),
          scores.cols < 5 ? std::numeric_limits<double>::quiet_NaN() : top_k_accuracy(scores, labels, 5),
          mean_per_class_recall(scores, labels)};
}

/// The average precision of each class: of its images, the mean of the precision among the images that score as high or
/// higher; equal scores in their order. 0 for a class without images, as CLIP_benchmark counts it.
/// scores : (n, classes), belongs : (n, classes), not 0 where the image has the class.
/// ShapeError; NumericError: NaN.
template <class T>
std::vector<double> average_precisions(View<const T> scores, std::span<const std::uint8_t> belongs) {
  const char* const place = "average precision";
  if (scores.rows < 1 || scores.cols < 1) raise(ShapeError{place, "scores", "1 or more", scores.count()});
  if (static_cast<Index>(belongs.size()) != scores.count())
    raise(ShapeError{place, "labels", scores.count(), belongs.size()});
  std::vector<double> precisions;
  std::vector<Index> order(static_cast<std::size_t>(scores.rows));
  for (Index c = 0; c < scores.cols; ++c) {
    for (Index i = 0; i < scores.rows; ++i)
      if (std::isnan(scores(i, c))) raise(NumericError{place, "scores of row " + std::to_string(i), "numbers", "nan"});
    std::iota(order.begin(), order.end(), Index{0});
    std::ranges::stable_sort(order, [&](Index i, Index j) { return scores(i, c) > scores(j, c); });
    double sum = 0;
    Index seen = 0, right = 0;
    for (const Index i : order) {
      ++seen;
      if (belongs[static_cast<std::size_t>(i * scores.cols + c)] == 0) continue;
      ++right;
      sum += static_cast<double>(right) / static_cast<double>(seen);
    }
    precisions.push_back(right == 0 ? 0 : sum / static_cast<double>(right));
  }
  return precisions;
}

/// The mean of average_precisions().
template <class T>
double mean_average_precision(View<const T> scores, std::span<const std::uint8_t> belongs) {
  const auto precisions = average_precisions(scores, belongs);
  return std::accumulate(precisions.begin(), precisions.end(), 0.0) / static_cast<double>(precisions.size());
}

/// Fractions of queries with a correct answer among the first k.
struct RetrievalRecall {
  Index k;
  double image;  // texts ask for images
  double text;   // images ask for texts: one of its captions is enough
};

/// Recall at each of `ks`. Text t describes image image_of[t]; an image may have any number of captions, and one without
/// captions is never answered. Features of any length, not normalised.
/// ShapeError: different widths, or none; another number of indices than texts; no images or texts. InputError: an index
/// that is no image. OptionError: a k below 1. NumericError: a row of zeros or not finite.
template <Backend B, class T, Index E>
std::vector<RetrievalRecall> retrieval_recalls(const B& backend, const Features<T, E>& images,
                                               const Features<T, E>& texts, std::span<const std::int32_t> image_of,
                                               std::span<const Index> ks) {
  const char* const place = "retrieval";
  if (images.empty()) raise(ShapeError{place, "images", "1 or more", 0});
  if (texts.empty()) raise(ShapeError{place, "texts", "1 or more", 0});
  if (images.width() == 0) raise(ShapeError{place, "width of images", "1 or more", 0});
  if (images.width() != texts.width()) raise(ShapeError{place, "width of texts", images.width(), texts.width()});
  if (static_cast<Index>(image_of.size()) != texts.size())
    raise(ShapeError{place, "images of the texts", texts.size(), image_of.size()});
  for (const Index k : ks)
    if (k < 1) raise(OptionError{place, "k", "1 or more", k});
  std::vector<std::vector<Index>> captions(static_cast<std::size_t>(images.size()));
  for (std::size_t t = 0; t < image_of.size(); ++t) {
    if (image_of[t] < 0 || image_of[t] >= images.size())
      raise(InputError{place, "image of text " + std::to_string(t), "0 to " + std::to_string(images.size() - 1),
                       image_of[t]});
    captions[static_cast<std::size_t>(image_of[t])].push_back(static_cast<Index>(t));
  }
  const auto image = detail::directions(images, "image"), text = detail::directions(texts, "text");
  const auto own_texts = [&](Index i, const auto& answer) {
    for (const Index t : captions[static_cast<std::size_t>(i)]) answer(t);
  };
  const auto own_image = [&](Index t, const auto& answer) {
    answer(static_cast<Index>(image_of[static_cast<std::size_t>(t)]));
  };
  const auto of_images = detail::ranks(backend, image, text, own_texts),
             of_texts = detail::ranks(backend, text, image, own_image);
  std::vector<RetrievalRecall> recalls;
  for (const Index k : ks) recalls.push_back({k, detail::recall_at(of_texts, k), detail::recall_at(of_images, k)});
  return recalls;
}
/// The same on one CPU thread.
template <class T, Index E>
std::vector<RetrievalRecall> retrieval_recalls(const Features<T, E>& images, const Features<T, E>& texts,
                                               std::span<const std::int32_t> image_of, std::span<const Index> ks) {
  return retrieval_recalls(Cpu<T>{{.threads = 1}}, images, texts, image_of, ks);
}

}  // namespace clip::inline CLIP_ABI

// clip/learn/labelled_features.hpp: training batches of stored features and their labels, and the loss of a classifier.
#pragma once

#include <clip/autograd/constant.hpp>
#include <clip/core/rng.hpp>
#include <clip/ops/losses.hpp>
#include <clip/tensor/tensor.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Feature vectors and the class of each, from 0.
template <class T = float>
struct LabelledFeatures {
  Features<T, dyn> features;
  std::vector<std::int32_t> labels;
};

namespace detail {

/// ShapeError: another number of labels than `count`. InputError: a label that is not one of the classes.
inline void check_labels(const char* place, std::span<const std::int32_t> labels, Index count, Index classes) {
  if (std::cmp_not_equal(labels.size(), count)) raise(ShapeError{place, "labels", count, labels.size()});
  for (std::size_t i = 0; i < labels.size(); ++i)
    if (labels[i] < 0 || labels[i] >= classes)
      raise(InputError{place, "label " + std::to_string(i), "from 0 to " + std::to_string(classes - 1), labels[i]});
}

/// NumericError: a feature that is not finite.
template <class T>
void check_finite(std::string_view place, View<const T> features) {
  for (Index i = 0; i < features.rows; ++i)
    if (!std::all_of(features.row(i), features.row(i) + features.cols, [](T x) { return std::isfinite(x); }))
      raise(NumericError{std::string(place), "feature vector " + std::to_string(i) + " is not finite"});
}

}  // namespace detail

/// Batches of stored features. Features of images do not change while a prompt or an adapter is learned, so each image
/// is encoded once.
template <class T = float>
class FeatureSource {
 public:
  using Batch = LabelledFeatures<T>;

  /// ShapeError: another number of labels than features. InputError: a label that is not one of the classes.
  /// NumericError: a feature that is not finite.
  FeatureSource(LabelledFeatures<T> all, Index classes) : all_{std::move(all)} {
    const char* const place = "labelled features";
    detail::check_labels(place, all_.labels, all_.features.size(), classes);
    detail::check_finite(place, std::as_const(all_.features).view());
  }

  Index size() const { return all_.features.size(); }
  const LabelledFeatures<T>& all() const { return all_; }

  void batch(std::span<const Index> items, Rng, Batch& out) const {
    const auto n = static_cast<Index>(items.size());
    if (out.features.size() != n || out.features.width() != all_.features.width())
      out.features = Features<T, dyn>{n, Size<dyn>{all_.features.width()}};
    out.labels.clear();
    for (Index i = 0; i < n; ++i) {
      const Index item = items[static_cast<std::size_t>(i)];
      std::ranges::copy(all_.features[item], out.features[i].begin());
      out.labels.push_back(all_.labels[static_cast<std::size_t>(item)]);
    }
  }

 private:
  LabelledFeatures<T> all_;
};

/// Objective of Trainer: the cross-entropy of a classifier of features. The learner is any type with `members`,
/// `backend()` and `logits(cx, image features) -> (n, classes)`.
///   Trainer trainer{adapter, source, TrainOptionsOf<SgdOptions>{.epochs = 50, .batch = 32}, {}, Classification{}};
struct Classification {
  template <class Cx, class M, class T>
  Rows<Cx, 1> operator()(Cx& tape, const M& learner, const LabelledFeatures<T>& batch) const {
    return cross_entropy(tape, learner.logits(tape, constant(tape, batch.features)), batch.labels);
  }
};

}  // namespace clip::inline CLIP_ABI

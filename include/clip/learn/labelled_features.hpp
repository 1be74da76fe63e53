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
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Feature vectors and the class of each, from 0.
template <class T = float>
struct LabelledFeatures {
  Features<T, dyn> features;
  std::vector<std::int32_t> labels;
};

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
    if (static_cast<Index>(all_.labels.size()) != all_.features.size())
      raise(ShapeError{place, "labels", all_.features.size(), all_.labels.size()});
    for (std::size_t i = 0; i < all_.labels.size(); ++i) {
      if (all_.labels[i] < 0 || all_.labels[i] >= classes)
        raise(InputError{place, "label " + std::to_string(i), "from 0 to " + std::to_string(classes - 1),
                         all_.labels[i]});
      if (!std::ranges::all_of(all_.features[static_cast<Index>(i)], [](T x) { return std::isfinite(x); }))
        raise(NumericError{place, "feature vector " + std::to_string(i) + " is not finite"});
    }
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

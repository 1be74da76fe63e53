// clip/task/zero_shot.hpp: classes from words (Radford et al. 2021 §3.1).
#pragma once

#include <clip/tensor/tensor.hpp>
#include <clip/text/texts.hpp>

#include <cmath>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Cosines of images with classes: (images, classes). Not probabilities: they do not sum to one.
template <class T>
struct Similarities {
  Tensor<T> values;
  T operator()(Index image, Index label) const { return values.view()(image, label); }

  /// The most similar class of every image; the first of equals.
  std::vector<Index> best() const {
    const View<const T> v = values.view();
    std::vector<Index> labels(static_cast<std::size_t>(v.rows));
    for (Index i = 0; i < v.rows; ++i) {
      Index most = 0;
      for (Index j = 1; j < v.cols; ++j)
        if (v(i, j) > v(i, most)) most = j;
      labels[static_cast<std::size_t>(i)] = most;
    }
    return labels;
  }
};

/// Rows of unit length.
template <class T, Index E>
Features<T, E> normalized(Features<T, E> features) {
  for (Index i = 0; i < features.size(); ++i) {
    T squares = 0;
    for (T x : features[i]) squares += x * x;
    const T length = std::sqrt(squares);
    for (T& x : features[i]) x /= length;
  }
  return features;
}

/// One unit-length vector per class, to compare images with.
template <class T, Index E>
class ZeroShot {
 public:
  explicit ZeroShot(Features<T, E> classes) : classes_{normalized(std::move(classes))} {}

  const Features<T, E>& classes() const { return classes_; }

  /// Cosines of image features (not normalised) with every class.
  Similarities<T> operator()(const Features<T, E>& images) const {
    if (images.width() != classes_.width()) raise(ShapeError{"zero_shot", "feature width", classes_.width(), images.width()});
    const Features<T, E> unit = normalized(images);
    Similarities<T> result{Tensor<T>{{images.size(), classes_.size()}}};
    View<T> out = result.values.view();
    for (Index i = 0; i < images.size(); ++i)
      for (Index j = 0; j < classes_.size(); ++j) {
        T sum = 0;
        for (Index k = 0; k < unit.width(); ++k) sum += unit[i][static_cast<std::size_t>(k)] * classes_[j][static_cast<std::size_t>(k)];
        out(i, j) = sum;
      }
    return result;
  }

 private:
  Features<T, E> classes_;
};

/// A classifier from one prompt per class.
template <class M>
auto zero_shot(const M& model, const Texts& prompts) {
  return ZeroShot{model.encode_text(prompts)};
}

/// Share of labels predicted right.
template <class Label>
double accuracy(const std::vector<Index>& predicted, std::span<const Label> labels) {
  if (predicted.size() != labels.size() || labels.empty()) raise(ShapeError{"accuracy", "predictions for the labels", labels.size(), predicted.size()});
  Index right = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) right += predicted[i] == static_cast<Index>(labels[i]) ? 1 : 0;
  return static_cast<double>(right) / static_cast<double>(labels.size());
}

}  // namespace clip::inline CLIP_ABI

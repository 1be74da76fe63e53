// clip/learn/feature_classifier.hpp: base of learned classifiers of image features: memory, scores, predictions.
#pragma once

#include <clip/autograd/constant.hpp>
#include <clip/autograd/inference.hpp>
#include <clip/core/softmax_rows.hpp>
#include <clip/learn/class_features.hpp>
#include <clip/model/storage.hpp>
#include <clip/task/accuracy.hpp>
#include <clip/tensor/buffer.hpp>
#include <clip/tensor/tensor.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// What CLIP-Adapter, Tip-Adapter and the multi-modal MLP have in common: text features of the classes, memory of their
/// own, and predictions. `Self` has
///   name                  in messages and files
///   members               its parameters, those of `classes` among them
///   logits(cx, x)         (n, width) → (n, classes), x image features of any length
template <class Self, Backend B>
class FeatureClassifier {
 public:
  using T = typename B::Scalar;

  ClassFeatures<B> classes;

  B& backend() { return backend_; }
  const B& backend() const { return backend_; }
  Index class_count() const { return classes.size(); }
  /// Of the features.
  Index width() const { return classes.width(); }

  /// Logits of image features, as encode_image returns them: (n, classes). ShapeError: features of another width.
  /// NumericError: a feature that is not finite.
  template <Index E>
  Tensor<T> scores(const Features<T, E>& features) const {
    constexpr Index at_once = 1024;
    check_features(features.view());
    Tensor<T> scores{{features.size(), classes.size()}};
    Inference<B> cx{backend_};
    for (Index begin = 0; begin < features.size(); begin += at_once) {
      const Index n = std::min(at_once, features.size() - begin);
      cx.clear();
      const auto x = constant(cx, features.view().middle_rows(begin, n), Size<dyn>{width()});
      const auto y = self().logits(cx, x);
      cx.backend().download(In<T>{y.view}, scores.values().subspan(static_cast<std::size_t>(begin * classes.size()),
                                                                   static_cast<std::size_t>(n * classes.size())));
    }
    return scores;
  }

  /// Softmax of the scores: (n, classes).
  template <Index E>
  Tensor<T> probabilities(const Features<T, E>& features) const {
    Tensor<T> result = scores(features);
    detail::softmax_rows(result.view(), 1);
    return result;
  }

  /// The class of the highest score of each row; the first of equal ones.
  template <Index E>
  std::vector<Index> predict(const Features<T, E>& features) const {
    const Tensor<T> result = scores(features);
    return detail::best_of_rows(result.view());
  }

  /// ShapeError: features of another width. NumericError: a feature that is not finite.
  void check_features(View<const T> features) const {
    if (features.cols != width())
      raise(ShapeError{std::string(Self::name), "width of the features", width(), features.cols});
    detail::check_finite(Self::name, features);
  }

 protected:
  FeatureClassifier(Index count, Index width, B backend) : classes{count, width}, backend_{std::move(backend)} {}

  /// Gives all parameters of Self their memory: once, when they have their shapes.
  void allocate() { memory_ = allocate_parameters(backend_, static_cast<Self&>(*this)); }

 private:
  const Self& self() const { return static_cast<const Self&>(*this); }

  B backend_;
  Buffer<B> memory_;
};

}  // namespace clip::inline CLIP_ABI

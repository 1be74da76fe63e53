// clip/learn/class_features.hpp: fixed text features of classes, the zero-shot classifier inside learned ones.
#pragma once

#include <clip/autograd/context.hpp>
#include <clip/backend/concept.hpp>
#include <clip/core/unit_row.hpp>
#include <clip/learn/labelled_features.hpp>
#include <clip/ops/linear.hpp>
#include <clip/ops/norms.hpp>
#include <clip/ops/pointwise.hpp>
#include <clip/tensor/parameter.hpp>
#include <clip/tensor/tensor.hpp>

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {
/// Scales a row to unit length. NumericError: a row of zeros, or values that are not finite.
template <class T>
void make_unit(std::string_view place, const std::string& what, std::span<T> row) {
  const T length = scaled_unit_row(row.data(), row.data(), static_cast<Index>(row.size()));
  if (!(length > 0) || !std::isfinite(length))
    raise(NumericError{std::string(place), "length of " + what, "a positive number", length});
}

/// The column of the largest value of each row; the first of equal ones.
template <class T>
std::vector<Index> best_of_rows(View<const T> scores) {
  std::vector<Index> best;
  for (Index i = 0; i < scores.rows; ++i)
    best.push_back(std::max_element(scores.row(i), scores.row(i) + scores.cols) - scores.row(i));
  return best;
}
}  // namespace detail

/// One unit vector for each class, never trained, and the factor on cosines with them.
template <Backend B>
struct ClassFeatures {
  using T = typename B::Scalar;

  Parameter<T> vectors;      // (classes, width)
  double temperature = 100;  // exp(logit_scale) of the model

  ClassFeatures(Index classes, Index width)
      : vectors{Parameter<T>{{classes, width}, Init::zeros(), Use::linear}.frozen_if(true)} {}

  static constexpr void members(auto& self, auto&& visit) { visit("class_features", self.vectors); }

  Index size() const { return vectors.shape.rows(); }
  Index width() const { return vectors.shape.cols(); }

  /// Takes the text features of the classes, of any length. InputError: fewer than two classes. NumericError: a vector
  /// without a direction. OptionError: a temperature that is not positive.
  void set(B& backend, View<const T> features, double factor) {
    const char* const place = "class features";
    if (features.rows < 2) raise(InputError{place, "classes", "2 or more", features.rows});
    if (!(factor > 0 && std::isfinite(factor))) raise(OptionError{place, "temperature", "a positive number", factor});
    std::vector<T> unit(static_cast<std::size_t>(features.count()));
    for (Index c = 0; c < features.rows; ++c) {
      const std::span<T> row{unit.data() + c * features.cols, static_cast<std::size_t>(features.cols)};
      std::copy_n(features.row(c), features.cols, row.begin());
      detail::make_unit(place, "vector " + std::to_string(c), row);
    }
    backend.upload(std::span<const T>(unit), vectors.view());
    temperature = factor;
  }

  /// temperature · cosine of features with every class: (n, classes).          unit : (n, width), of unit length
  template <class Cx>
  Rows<Cx, dyn> logits_of_unit(Cx& cx, Rows<Cx, dyn> unit) const {
    return map(cx, fn::Times{temperature}, linear(cx, unit, Size<dyn>{size()}, vectors, absent));
  }
  /// The same of features of any length.
  template <class Cx>
  Rows<Cx, dyn> logits(Cx& cx, Rows<Cx, dyn> features) const {
    return logits_of_unit(cx, normalize(cx, features));
  }
};

}  // namespace clip::inline CLIP_ABI

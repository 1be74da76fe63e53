// clip/task/agreement.hpp: agreement of two encoders on the same inputs, such as full-precision and quantised weights.
#pragma once

#include <clip/core/cosine.hpp>
#include <clip/core/size.hpp>
#include <clip/tensor/tensor.hpp>

#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Compares two encoders batch by batch: cosines of their features, and inputs that they classify differently.
class Agreement {
 public:
  /// Row i of both belongs to the same input. ShapeError: different shapes.
  template <class T, Index E, Index F>
  void add(const Features<T, E>& reference, const Features<T, F>& other) {
    if (reference.size() != other.size()) raise(ShapeError{"agreement", "rows", reference.size(), other.size()});
    if (reference.width() != other.width())
      raise(ShapeError{"agreement", "feature width", reference.width(), other.width()});
    for (Index i = 0; i < reference.size(); ++i) cosines_.push_back(detail::cosine(reference[i], other[i]));
  }

  /// The classes that both encoders predict for the same inputs. ShapeError: different numbers of predictions.
  void add_choices(std::span<const Index> reference, std::span<const Index> other) {
    if (reference.size() != other.size()) raise(ShapeError{"agreement", "choices", reference.size(), other.size()});
    for (std::size_t i = 0; i < reference.size(); ++i, ++choices_)
      if (reference[i] != other[i]) differing_.push_back(choices_);
  }

  /// The cosine of every input, in order.
  const std::vector<double>& cosines() const { return cosines_; }
  /// Indices of the inputs that are classified differently, in order.
  const std::vector<Index>& differing() const { return differing_; }

  double mean_cosine() const {
    double sum = 0;
    for (const double c : cosines_) sum += c;
    return sum / static_cast<double>(cosines_.size());
  }
  /// The input with the smallest cosine; NaN is smallest. InputError: no inputs.
  Index worst() const {
    if (cosines_.empty()) raise(InputError{"agreement", "number of inputs", "1 or more", 0});
    std::size_t at = 0;
    for (std::size_t i = 1; i < cosines_.size() && !std::isnan(cosines_[at]); ++i)
      if (!(cosines_[i] >= cosines_[at])) at = i;
    return static_cast<Index>(at);
  }
  double smallest_cosine() const { return cosines_[static_cast<std::size_t>(worst())]; }
  /// The fraction of inputs in the same class; NaN without predictions.
  double same_choices() const {
    if (choices_ == 0) return std::numeric_limits<double>::quiet_NaN();
    return static_cast<double>(choices_ - static_cast<Index>(differing_.size())) / static_cast<double>(choices_);
  }

 private:
  std::vector<double> cosines_;
  std::vector<Index> differing_;
  Index choices_ = 0;
};

}  // namespace clip::inline CLIP_ABI

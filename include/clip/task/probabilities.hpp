// clip/task/probabilities.hpp: probabilities of texts for an image: softmax over scaled cosines.
#pragma once

#include <clip/image/image.hpp>
#include <clip/task/similarities.hpp>
#include <clip/tokens/texts.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>

namespace clip::inline CLIP_ABI {

namespace detail {

/// p = softmax(factor · p), row by row
template <class T>
void softmax_rows(View<T> p, double factor) {
  for (Index i = 0; i < p.rows; ++i) {
    T* row = p.row(i);
    const T most = *std::max_element(row, row + p.cols);
    T sum = 0;
    for (Index j = 0; j < p.cols; ++j) {
      row[j] = std::exp(static_cast<T>(factor) * (row[j] - most));
      sum += row[j];
    }
    for (Index j = 0; j < p.cols; ++j) row[j] /= sum;
  }
}

}  // namespace detail

/// Rows that sum to one: (images, texts). A separate type, so that cosines cannot be passed as probabilities.
template <class T>
class Probabilities {
 public:
  /// Softmax of factor · cosine over each row.
  Probabilities(const Similarities<T>& cosines, double factor) : values_{cosines.values} {
    detail::softmax_rows(values_.view(), factor);
  }

  Index size() const { return values_.shape().rows(); }
  /// The probabilities of image i. Deleted for temporaries.
  std::span<const T> operator[](Index i) const& {
    const auto n = static_cast<std::size_t>(values_.shape().cols());
    return values_.values().subspan(static_cast<std::size_t>(i) * n, n);
  }
  void operator[](Index) const&& = delete;

 private:
  Tensor<T> values_;
};

/// softmax over the texts of exp(logit_scale) · cosine(image, text): (images, texts)
template <class M>
auto probabilities(const M& model, const Images& images, const Texts& texts) {
  return Probabilities{similarities(model.backend(), model.encode_image(images), model.encode_text(texts)),
                       model.similarity.temperature()};
}

}  // namespace clip::inline CLIP_ABI

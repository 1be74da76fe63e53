// clip/task/probabilities.hpp: probabilities of texts for an image: softmax over scaled cosines, and sigmoids.
#pragma once

#include <clip/core/softmax_rows.hpp>
#include <clip/image/image.hpp>
#include <clip/task/similarities.hpp>
#include <clip/tokens/texts.hpp>

#include <cmath>
#include <cstddef>
#include <span>

namespace clip::inline CLIP_ABI {

namespace detail {

/// p = σ(factor · p + bias), σ the logistic function
template <class T>
void sigmoid_rows(View<T> p, double factor, double bias) {
  for (Index i = 0; i < p.rows; ++i)
    for (Index j = 0; j < p.cols; ++j)
      p(i, j) = T(1) / (T(1) + std::exp(-(static_cast<T>(factor) * p(i, j) + static_cast<T>(bias))));
}

/// A number for every image and text: (images, texts).
template <class T>
class ProbabilityRows {
 public:
  Index size() const { return values_.shape().rows(); }
  /// The probabilities of image i. Deleted for temporaries.
  std::span<const T> operator[](Index i) const& {
    const auto n = static_cast<std::size_t>(values_.shape().cols());
    return values_.values().subspan(static_cast<std::size_t>(i) * n, n);
  }
  void operator[](Index) const&& = delete;

 protected:
  explicit ProbabilityRows(const Similarities<T>& cosines) : values_{cosines.values} {}
  Tensor<T> values_;
};

}  // namespace detail

/// Rows that sum to one: (images, texts). A separate type, so that cosines cannot be passed as probabilities.
template <class T>
class Probabilities : public detail::ProbabilityRows<T> {
 public:
  /// Softmax of factor · cosine over each row.
  Probabilities(const Similarities<T>& cosines, double factor) : detail::ProbabilityRows<T>{cosines} {
    detail::softmax_rows(this->values_.view(), factor);
  }
};

/// Numbers between 0 and 1, each the answer to a question of its own, "does this text belong to this image?": (images,
/// texts). Their sum says nothing: several texts may fit, or none. A separate type, so that they are not taken for
/// Probabilities.
template <class T>
class MatchProbabilities : public detail::ProbabilityRows<T> {
 public:
  /// σ(factor · cosine + bias), σ the logistic function.
  MatchProbabilities(const Similarities<T>& cosines, double factor, double bias) : detail::ProbabilityRows<T>{cosines} {
    detail::sigmoid_rows(this->values_.view(), factor, bias);
  }
};

/// softmax over the texts of exp(logit_scale) · cosine(image, text): (images, texts). Which one of these texts? A bias
/// cancels.
template <class M>
auto probabilities(const M& model, const Images& images, const Texts& texts) {
  return Probabilities{similarities(model.backend(), model.encode_image(images), model.encode_text(texts)),
                       model.similarity.temperature()};
}

/// σ(exp(logit_scale) · cosine(image, text) + logit_bias): (images, texts). Does this text fit? For models trained with
/// the sigmoid loss (SigLIP). OptionError: a model whose similarities have no bias.
template <class M>
auto match_probabilities(const M& model, const Images& images, const Texts& texts) {
  if (!model.similarity.biased())
    raise(OptionError{"match_probabilities", "a model whose similarities have a bias, as SigLIP's"});
  return MatchProbabilities{similarities(model.backend(), model.encode_image(images), model.encode_text(texts)),
                            model.similarity.temperature(), model.similarity.bias()};
}

}  // namespace clip::inline CLIP_ABI

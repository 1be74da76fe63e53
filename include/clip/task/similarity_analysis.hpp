// clip/task/similarity_analysis.hpp: nearest neighbours across modalities, and how images and texts lie to each other.
#pragma once

#include <clip/task/retrieval.hpp>
#include <clip/task/similarities.hpp>
#include <clip/task/top.hpp>

#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

namespace clip::inline CLIP_ABI {

/// An image of a text, or a text of an image.
struct Neighbour {
  Index index;
  double cosine;
};

/// Of every image its k nearest texts (all, if there are fewer), nearest first.
template <class T>
std::vector<std::vector<Neighbour>> nearest_texts(const Similarities<T>& cosines, Index k) {
  std::vector<std::vector<Neighbour>> found;
  for (Index i = 0; i < cosines.values.shape().rows(); ++i) {
    found.emplace_back();
    for (const Index t : top(cosines[i], k)) found.back().push_back({t, static_cast<double>(cosines(i, t))});
  }
  return found;
}

/// Of every text its k nearest images.
template <class T>
std::vector<std::vector<Neighbour>> nearest_images(const Similarities<T>& cosines, Index k) {
  const Shape shape = cosines.values.shape();
  Similarities<T> turned{Tensor<T>{{shape.cols(), shape.rows()}}};
  for (Index i = 0; i < shape.rows(); ++i)
    for (Index t = 0; t < shape.cols(); ++t) turned.values.view()(t, i) = cosines(i, t);
  return nearest_texts(turned, k);
}

/// factor · cosine + bias: what a model's softmax or sigmoid takes.
template <class T>
Tensor<T> logits(const Similarities<T>& cosines, double factor, double bias = 0) {
  Tensor<T> values = cosines.values;
  for (T& x : values.values()) x = static_cast<T>(factor * static_cast<double>(x) + bias);
  return values;
}

/// Where two modalities lie on the sphere (Liang et al. 2022, "Mind the Gap").
struct ModalityGap {
  double distance = 0;           // ‖image_mean - text_mean‖, of features of unit length
  double cosine_of_means = 0;    // NaN where a mean is zero
  double image_mean_length = 0;  // 1: all images have one direction; 0: they lie around the origin
  double text_mean_length = 0;
  std::vector<double> image_mean, text_mean;  // (width)

  /// image_mean - text_mean.
  std::vector<double> direction() const {
    std::vector<double> d = image_mean;
    for (std::size_t i = 0; i < d.size(); ++i) d[i] -= text_mean[i];
    return d;
  }
};

namespace detail {

template <class T, Index E>
std::vector<double> mean_of(const Features<T, E>& unit) {
  std::vector<double> mean(static_cast<std::size_t>(unit.width()));
  for (Index i = 0; i < unit.size(); ++i)
    for (std::size_t d = 0; d < mean.size(); ++d)
      mean[d] += static_cast<double>(unit[i][d]) / static_cast<double>(unit.size());
  return mean;
}

/// Σ (a - b)²
template <class A, class B>
double squared_distance(const A& a, const B& b) {
  double sum = 0;
  for (std::size_t d = 0; d < a.size(); ++d) {
    const double difference = static_cast<double>(a[d]) - static_cast<double>(b[d]);
    sum += difference * difference;
  }
  return sum;
}

template <class T, Index E, Index F>
void check_modalities(const char* place, const Features<T, E>& images, const Features<T, F>& texts) {
  if (images.empty() || texts.empty())
    raise(ShapeError{place, "images and texts", "1 or more of each", Shape{images.size(), texts.size()}});
  if (images.width() != texts.width()) raise(ShapeError{place, "width of texts", images.width(), texts.width()});
}
template <class T, Index E, Index F>
void check_pairs(const char* place, const Features<T, E>& images, const Features<T, F>& texts) {
  check_modalities(place, images, texts);
  if (images.size() != texts.size()) raise(ShapeError{place, "texts, one for each image", images.size(), texts.size()});
}

}  // namespace detail

/// The gap between images and texts, of features of any length. ShapeError: none of either, or different widths.
/// NumericError: a feature that is zero or not finite, here and below.
template <class T, Index E, Index F>
ModalityGap modality_gap(const Features<T, E>& images, const Features<T, F>& texts) {
  detail::check_modalities("modality_gap", images, texts);
  ModalityGap gap;
  gap.image_mean = detail::mean_of(detail::directions(images, "image", "similarity_analysis"));
  gap.text_mean = detail::mean_of(detail::directions(texts, "text", "similarity_analysis"));
  const std::vector<double> zero(gap.image_mean.size());
  gap.distance = std::sqrt(detail::squared_distance(gap.image_mean, gap.text_mean));
  gap.image_mean_length = std::sqrt(detail::squared_distance(gap.image_mean, zero));
  gap.text_mean_length = std::sqrt(detail::squared_distance(gap.text_mean, zero));
  double product = 0;
  for (std::size_t d = 0; d < zero.size(); ++d) product += gap.image_mean[d] * gap.text_mean[d];
  gap.cosine_of_means = product / (gap.image_mean_length * gap.text_mean_length);
  return gap;
}

/// Centred directions: features of unit length less their mean, and of unit length again. Cosines of centred images with
/// centred texts are those without the gap. NumericError: a feature that is the mean itself.
template <class T, Index E>
Features<T, E> centred(const Features<T, E>& features) {
  Features<T, E> unit = detail::directions(features, "feature", "similarity_analysis");
  const std::vector<double> mean = detail::mean_of(unit);
  for (Index i = 0; i < unit.size(); ++i)
    for (std::size_t d = 0; d < mean.size(); ++d)
      unit[i][d] = static_cast<T>(static_cast<double>(unit[i][d]) - mean[d]);
  return detail::directions(unit, "centred feature", "similarity_analysis");
}

/// The mean cosine of image i with text i. ShapeError: not one text for each image, here and below.
template <class T, Index E, Index F>
double mean_pair_cosine(const Features<T, E>& images, const Features<T, F>& texts) {
  detail::check_pairs("mean_pair_cosine", images, texts);
  const auto a = detail::directions(images, "image", "similarity_analysis");
  const auto b = detail::directions(texts, "text", "similarity_analysis");
  double sum = 0;
  for (Index i = 0; i < a.size(); ++i) sum += 1 - detail::squared_distance(a[i], b[i]) / 2;
  return sum / static_cast<double>(a.size());
}

/// Alignment (Wang & Isola 2020): the mean of ‖x - y‖^alpha over the pairs of image i and text i, of unit length. 0 is
/// best.
template <class T, Index E, Index F>
double alignment(const Features<T, E>& images, const Features<T, F>& texts, double alpha = 2) {
  detail::check_pairs("alignment", images, texts);
  const auto a = detail::directions(images, "image", "similarity_analysis");
  const auto b = detail::directions(texts, "text", "similarity_analysis");
  double sum = 0;
  for (Index i = 0; i < a.size(); ++i) sum += std::pow(detail::squared_distance(a[i], b[i]), alpha / 2);
  return sum / static_cast<double>(a.size());
}

/// Uniformity (Wang & Isola 2020): ln of the mean of exp(-t ‖x - y‖²) over all pairs of different features of one
/// modality, of unit length. At most 0, lower is more uniform. ShapeError: fewer than two features.
template <class T, Index E>
double uniformity(const Features<T, E>& features, double t = 2) {
  if (features.size() < 2) raise(ShapeError{"uniformity", "features", "2 or more", features.size()});
  const auto unit = detail::directions(features, "feature", "similarity_analysis");
  double sum = 0;
  for (Index i = 0; i < unit.size(); ++i)
    for (Index j = 0; j < i; ++j) sum += std::exp(-t * detail::squared_distance(unit[i], unit[j]));
  const double n = static_cast<double>(unit.size());
  return std::log(sum / (n * (n - 1) / 2));
}

}  // namespace clip::inline CLIP_ABI

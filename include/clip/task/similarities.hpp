// clip/task/similarities.hpp: cosine similarities of feature vectors.
#pragma once

#include <clip/autograd/borrow.hpp>
#include <clip/autograd/inference.hpp>
#include <clip/backend/cpu.hpp>
#include <clip/core/unit_row.hpp>
#include <clip/ops/linear.hpp>
#include <clip/task/top.hpp>
#include <clip/tensor/tensor.hpp>

#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Cosines of images with classes: (images, classes). They are not probabilities: they do not sum to one.
template <class T>
struct Similarities {
  Tensor<T> values;
  T operator()(Index image, Index label) const { return values.view()(image, label); }

  /// The cosines of one image. Deleted for temporaries.
  std::span<const T> operator[](Index image) const& {
    const View<const T> v = values.view();
    return {v.row(image), static_cast<std::size_t>(v.cols)};
  }
  void operator[](Index) const&& = delete;

  /// The most similar class of every image; the first one if several are equal.
  std::vector<Index> best() const {
    std::vector<Index> labels;
    for (Index i = 0; i < values.shape().rows(); ++i) labels.push_back(top((*this)[i], 1).at(0));
    return labels;
  }
};

/// The features scaled to unit length, row by row: NaN for a row of zeros. Sums of squares that leave the range of T
/// are computed from scaled rows.
template <class T, Index E>
Features<T, E> normalized(Features<T, E> features) {
  for (Index i = 0; i < features.size(); ++i) {
    T squares = 0;
    for (T x : features[i]) squares += x * x;
    if (detail::out_of_range(squares)) {
      detail::scaled_unit_row(features[i].data(), features[i].data(), features.width());
      continue;
    }
    const T length = std::sqrt(squares);
    for (T& x : features[i]) x /= length;
  }
  return features;
}

/// Cosines of every image with every class, computed by `backend` from features of any length. With
/// B::grouping_keeps_bits a cosine does not depend on the other rows. ShapeError: different widths.
template <Backend B, class T, Index E, Index F>
Similarities<T> similarities(const B& backend, const Features<T, E>& images, const Features<T, F>& classes) {
  if (images.width() != classes.width())
    raise(ShapeError{"zero_shot", "feature width", classes.width(), images.width()});
  const auto a = normalized(images);
  const auto b = normalized(classes);
  Similarities<T> result{Tensor<T>{{images.size(), classes.size()}}};
  if (result.values.values().empty()) return result;
  Inference<B> cx{backend};
  const auto cosines =
      matmul_nt(cx, detail::borrow(cx, a.view(), Size<E>{a.width()}), detail::borrow(cx, b.view(), Size<F>{b.width()}));
  cx.backend().download(In<typename B::Scalar>{cosines.view}, result.values.values());
  return result;
}
/// The same on one CPU thread.
template <class T, Index E, Index F>
Similarities<T> similarities(const Features<T, E>& images, const Features<T, F>& classes) {
  return similarities(Cpu<T>{{.threads = 1}}, images, classes);
}

}  // namespace clip::inline CLIP_ABI

// clip/tensor/tensor.hpp: owning tensors in host memory: Tensor, and Features returned by the encoders.
#pragma once

#include <clip/core/view.hpp>

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Owns row-major values in host memory, and their shape.
template <class T>
class Tensor {
 public:
  Tensor() = default;
  explicit Tensor(Shape shape) : shape_{shape}, values_(static_cast<std::size_t>(shape.count())) {}
  Tensor(Shape shape, std::vector<T> values) : shape_{shape}, values_{std::move(values)} {
    if (static_cast<Index>(values_.size()) != shape.count())
      raise(ShapeError{"tensor", "number of values", shape.count(), values_.size()});
  }

  const Shape& shape() const { return shape_; }
  std::span<T> values() & { return values_; }
  std::span<const T> values() const& { return values_; }
  /// Deleted for temporaries: the span would dangle.
  void values() const&& = delete;

  View<T> view() & { return {values_.data(), shape_.rows(), shape_.cols()}; }
  View<const T> view() const& { return {values_.data(), shape_.rows(), shape_.cols()}; }

 private:
  Shape shape_;
  std::vector<T> values_;
};

/// (n × Width) feature vectors, owned: the result of encode_image and encode_text. Not normalised.
template <class T, Index Width>
class Features {
 public:
  Features() = default;
  explicit Features(Index n, Size<Width> width = {})
      : width_{width}, n_{n}, values_(static_cast<std::size_t>(n * width)) {}

  Index size() const { return n_; }
  Index width() const { return width_; }
  bool empty() const { return n_ == 0; }

  /// Feature vector i.
  std::span<T> operator[](Index i) & {
    return std::span<T>(values_).subspan(static_cast<std::size_t>(i * width()), static_cast<std::size_t>(width()));
  }
  std::span<const T> operator[](Index i) const& {
    return std::span<const T>(values_).subspan(static_cast<std::size_t>(i * width()),
                                               static_cast<std::size_t>(width()));
  }
  /// Deleted for temporaries: `for (float x : model.encode_image(images)[0])` would read freed memory.
  void operator[](Index) const&& = delete;

  std::span<T> values() & { return values_; }
  std::span<const T> values() const& { return values_; }
  void values() const&& = delete;
  View<T> view() & { return {values_.data(), n_, width_}; }
  View<const T> view() const& { return {values_.data(), n_, width_}; }

 private:
  [[no_unique_address]] Size<Width> width_;
  Index n_ = 0;
  std::vector<T> values_;
};

}  // namespace clip::inline CLIP_ABI

// tests/support/matrix.hpp: matrices that belong to a backend, made of seeded numbers, read back as double.
#pragma once

#include <clip/core/rng.hpp>
#include <clip/tensor/buffer.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

namespace clip::testing {

using Values = std::vector<double>;

/// n normal random numbers, rounded to float so that every scalar type holds the same.
inline Values random_values(Rng rng, Index n, double scale = 1) {
  Values values(static_cast<std::size_t>(n));
  for (double& v : values) v = static_cast<double>(static_cast<float>(scale * rng.normal()));
  return values;
}

/// max|a - b|; infinite where sizes differ or a value is NaN.
inline double max_difference(std::span<const double> a, std::span<const double> b) {
  double most = a.size() == b.size() ? 0 : INFINITY;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    const double d = std::abs(a[i] - b[i]);
    most = std::max(most, std::isnan(d) ? INFINITY : d);
  }
  return most;
}

inline double max_magnitude(std::span<const double> a) {
  double most = 0;
  for (double v : a) most = std::max(most, std::abs(v));
  return most;
}

inline double dot(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

/// The values of a view in a backend's memory, row by row.
template <class B>
Values values_of(B backend, View<const typename B::Scalar> x) {
  Values values(static_cast<std::size_t>(x.count()));
  backend.download(x, std::span<double>{values});
  return values;
}

template <class B>
void set_values(B backend, View<typename B::Scalar> x, std::span<const double> values) {
  backend.upload(values, x);
}

/// A matrix with memory of its own. Without values it is NaN.
template <class B>
class Matrix {
 public:
  using T = typename B::Scalar;

  Matrix() = default;
  Matrix(B backend, Index rows, Index cols)
      : Matrix{backend, rows, cols, Values(static_cast<std::size_t>(rows * cols), NAN)} {}
  Matrix(B backend, Index rows, Index cols, const Values& values)
      : backend_{backend}, buffer_{backend, rows * cols}, rows_{rows}, cols_{cols} {
    set(values);
  }

  View<T> view() const { return {buffer_.data(), rows_, cols_}; }
  Values values() const { return values_of(backend_, View<const T>{view()}); }
  void set(const Values& values) { set_values(backend_, view(), values); }

 private:
  B backend_{};
  Buffer<B> buffer_;
  Index rows_ = 0, cols_ = 0;
};

}  // namespace clip::testing

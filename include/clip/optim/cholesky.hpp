// clip/optim/cholesky.hpp: Cholesky factors of symmetric positive definite matrices, and solutions of many right sides.
#pragma once

#include <clip/backend/concept.hpp>
#include <clip/core/error.hpp>
#include <clip/core/view.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// A = L Lᵀ for a symmetric positive definite A, by blocks of rows and columns whose products `backend` computes
/// (Golub & Van Loan 2013, §4.2.6). B::Scalar is double, its memory the host's.
template <Backend B>
class Cholesky {
 public:
  /// a : (n, n), row-major; only the lower triangle is read. NumericError: not positive definite.
  Cholesky(B backend, Index n, std::vector<double> a) : backend_{std::move(backend)}, n_{n}, l_{std::move(a)} {
    if (static_cast<Index>(l_.size()) != n * n) raise(ShapeError{"cholesky", "number of values", n * n, l_.size()});
    for (Index j = 0; j < n; j += block) {
      const Index width = std::min(block, n - j);
      subtract_products(View<const double>{row(j), n - j, j, n}, View<double>{row(j) + j, n - j, width, n});
      factor(j, width);
    }
  }

  Index size() const { return n_; }

  /// Every row of x becomes A⁻¹ x.   x : (m, n)
  void solve(View<double> x) {
    if (x.cols != n_) raise(ShapeError{"cholesky", "width of the right sides", n_, x.cols});
    for (Index j = 0; j < n_; j += block) {  // x = L⁻¹ x
      const Index width = std::min(block, n_ - j);
      subtract(View<const double>{x.data, x.rows, j, x.stride}, View<const double>{row(j), width, j, n_},
               View<double>{x.data + j, x.rows, width, x.stride});
      for (Index r = 0; r < x.rows; ++r)
        for (Index i = j; i < j + width; ++i) {
          double sum = x.row(r)[i];
          for (Index k = j; k < i; ++k) sum -= row(i)[k] * x.row(r)[k];
          x.row(r)[i] = sum / row(i)[i];
        }
    }
    for (Index end = n_; end > 0; end = (end - 1) / block * block) {  // x = L⁻ᵀ x
      const Index j = (end - 1) / block * block;
      for (Index r = 0; r < x.rows; ++r)
        for (Index i = end; i-- > j;) {
          const double value = x.row(r)[i] /= row(i)[i];
          for (Index k = j; k < i; ++k) x.row(r)[k] -= row(i)[k] * value;
        }
      if (j == 0) break;
      product_.resize(static_cast<std::size_t>(x.rows * j));
      const View<double> product{product_.data(), x.rows, j};
      backend_.project(In<double>{x.data + j, x.rows, end - j, x.stride},
                       Weights<double>{View<const double>{row(j), end - j, j, n_}}, Epilogue<double>{}, product);
      take_away(product, View<double>{x.data, x.rows, j, x.stride});
    }
  }

 private:
  static constexpr Index block = 64;

  double* row(Index i) { return l_.data() + i * n_; }

  static void take_away(View<const double> product, View<double> from) {
    for (Index r = 0; r < from.rows; ++r)
      for (Index i = 0; i < from.cols; ++i) from.row(r)[i] -= product.row(r)[i];
  }
  /// y -= x wᵀ
  void subtract(View<const double> x, View<const double> w, View<double> y) {
    if (x.cols == 0) return;
    product_.resize(static_cast<std::size_t>(y.rows * y.cols));
    const View<double> product{product_.data(), y.rows, y.cols};
    backend_.linear(In<double>{x}, Weights<double>{w}, Epilogue<double>{}, product);
    take_away(product, y);
  }
  /// The rows of a block column, less the products of their factors so far: its own rows are the first.
  void subtract_products(View<const double> factors, View<double> column) {
    subtract(factors, View<const double>{factors.data, column.cols, factors.cols, factors.stride}, column);
  }
  /// The columns [j, j + width) of L from those of A, from which the products of all columns before are subtracted.
  void factor(Index j, Index width) {
    for (Index i = j; i < n_; ++i) {
      double* const a = row(i);
      const Index last = std::min(i, j + width);
      for (Index c = j; c < last; ++c) {
        double sum = a[c];
        for (Index k = j; k < c; ++k) sum -= a[k] * row(c)[k];
        a[c] = sum / row(c)[c];
      }
      if (i >= j + width) continue;
      double pivot = a[i];
      for (Index k = j; k < i; ++k) pivot -= a[k] * a[k];
      if (!(pivot > 0)) raise(NumericError{"cholesky", "pivot " + std::to_string(i), "a positive number", pivot});
      a[i] = std::sqrt(pivot);
    }
  }

  B backend_;
  Index n_;
  std::vector<double> l_, product_;
};

}  // namespace clip::inline CLIP_ABI

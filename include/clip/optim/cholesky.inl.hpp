// clip/optim/cholesky.inl.hpp: definitions of clip/optim/cholesky.hpp.
#pragma once

#include <clip/core/error.hpp>
#include <clip/optim/cholesky.hpp>

#include <array>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {
/// Σ a_i b_i in eight chains, which vector instructions can compute side by side.
CLIP_HOST double chained_dot(const double* a, const double* b, Index n) {
  constexpr Index chains = 8;
  std::array<double, chains> sums{};
  Index i = 0;
  for (; i + chains <= n; i += chains)
    for (Index c = 0; c < chains; ++c) sums[static_cast<std::size_t>(c)] += a[i + c] * b[i + c];
  double sum = ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
  for (; i < n; ++i) sum += a[i] * b[i];
  return sum;
}
}  // namespace detail

CLIP_HOST Cholesky::Cholesky(Index n, std::vector<double> a) : n_{n}, l_{std::move(a)} {
  if (static_cast<Index>(l_.size()) != n * n) raise(ShapeError{"cholesky", "number of values", n * n, l_.size()});
  const auto row = [&](Index i) { return l_.data() + i * n; };
  for (Index i = 0; i < n; ++i) {
    for (Index j = 0; j < i; ++j) row(i)[j] = (row(i)[j] - detail::chained_dot(row(i), row(j), j)) / row(j)[j];
    const double pivot = row(i)[i] - detail::chained_dot(row(i), row(i), i);
    if (!(pivot > 0)) raise(NumericError{"cholesky", "pivot " + std::to_string(i), "a positive number", pivot});
    row(i)[i] = std::sqrt(pivot);
  }
}

CLIP_HOST void Cholesky::solve(View<double> x) const {
  if (x.cols != n_) raise(ShapeError{"cholesky", "width of the right sides", n_, x.cols});
  // Each row of L serves all right sides while it is in the cache.
  for (Index i = 0; i < n_; ++i) {  // x = L⁻¹ x
    const double* const l = l_.data() + i * n_;
    for (Index r = 0; r < x.rows; ++r) x(r, i) = (x(r, i) - detail::chained_dot(l, x.row(r), i)) / l[i];
  }
  for (Index i = n_; i-- > 0;) {  // x = L⁻ᵀ x
    const double* const l = l_.data() + i * n_;
    for (Index r = 0; r < x.rows; ++r) {
      const double value = x(r, i) /= l[i];
      double* const solved = x.row(r);
      for (Index k = 0; k < i; ++k) solved[k] -= l[k] * value;
    }
  }
}

}  // namespace clip::inline CLIP_ABI

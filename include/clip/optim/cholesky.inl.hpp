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

CLIP_HOST std::vector<double> Cholesky::inverse_factor() const {
  std::vector<double> inverse(l_.size());
  for (Index i = 0; i < n_; ++i) {  // row i of L L⁻¹ = 1
    const double* const l = l_.data() + i * n_;
    double* const row = inverse.data() + i * n_;
    for (Index k = 0; k < i; ++k) {
      const double* const solved = inverse.data() + k * n_;
      for (Index j = 0; j <= k; ++j) row[j] -= l[k] * solved[j];
    }
    for (Index j = 0; j < i; ++j) row[j] /= l[i];
    row[i] = 1 / l[i];
  }
  return inverse;
}

}  // namespace clip::inline CLIP_ABI
